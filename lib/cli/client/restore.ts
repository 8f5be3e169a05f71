/** `ttygate restore`: brings a deleted machine back. */
import { MachineShape } from "../../protocol/machines.ts";
import { machineCommand } from "./machines.ts";

export const command = machineCommand("restore", {
  summary: "brings a deleted machine there back",
  usage: "NAME",
  help: "Brings back the machine that was deleted last under that name, for 24 hours.",
  run: ({ api, path }) => api.ask(MachineShape, "POST", `${path}/restore`),
  say: (_, name) => [`${name} is back`],
});
