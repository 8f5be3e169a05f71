/** `ttygate stop`: stops one of one's own machines. */
import { MachineShape } from "../../protocol/machines.ts";
import { machineCommand, waitFor } from "./machines.ts";

export const command = machineCommand("stop", {
  summary: "stops a machine there",
  usage: "NAME",
  help: "Ends all that runs in it; what it keeps stays.",
  async run({ api, path }) {
    await api.ask(MachineShape, "POST", `${path}/stop`);
    return await waitFor(api, path, "stopped");
  },
  say: (_, name) => [`${name} is stopped`],
});
