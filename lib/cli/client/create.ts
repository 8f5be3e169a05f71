/** `ttygate create`: makes a machine of a gateway elsewhere. */
import { MachineShape } from "../../protocol/machines.ts";
import { machineCommand, waitFor } from "./machines.ts";

export const command = machineCommand("create", {
  summary: "makes a machine there: a container that stays",
  usage: "NAME [--image NAME] [--node NAME] [--jobs]",
  help: `Makes a machine and waits until it runs; one that is there already is left as it is.
'ttygate shell NAME' opens a shell in it.

  --image NAME  what it runs in, of what the gateway offers
  --node NAME   the machine of the gateway that it is made on
  --jobs        it is not stopped for want of use while a program runs in it`,
  options: ["image", "node"],
  flags: ["jobs"],
  async run({ api, path, options: { image, node }, flags: { jobs } }) {
    const order = { ...(image && { image }), ...(node && { node }), ...(jobs && { jobs }) };
    const made = await api.ask(MachineShape, "PUT", path, order);
    if (made.state === "stopped" || made.state === "stopping") return made; // as it was left
    return await waitFor(api, path, "running");
  },
  say: ({ state }, name) =>
    state === "running"
      ? [`${name} runs; 'ttygate shell ${name}' opens a shell in it`]
      : [`${name} is there already, and ${state}; 'ttygate start ${name}' starts it`],
});
