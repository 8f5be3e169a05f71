/** `ttygate start`: starts one of one's own machines. */
import { MachineShape } from "../../protocol/machines.ts";
import { machineCommand, waitFor } from "./machines.ts";

export const command = machineCommand("start", {
  summary: "starts a machine there",
  usage: "NAME",
  help: "Starts a machine that is stopped, or failed, and waits until it runs.",
  async run({ api, path }) {
    await api.ask(MachineShape, "POST", `${path}/start`);
    return await waitFor(api, path, "running");
  },
  say: (_, name) => [`${name} runs`],
});
