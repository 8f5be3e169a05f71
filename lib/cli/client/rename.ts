/** `ttygate rename`: gives one of one's own machines another name. */
import { MachineShape } from "../../protocol/machines.ts";
import { machineCommand } from "./machines.ts";

export const command = machineCommand("rename", {
  summary: "gives a machine there another name",
  usage: "NAME NEW",
  help: "Nothing in it notices.",
  positionals: ["NAME", "NEW"],
  run: ({ api, path, positionals: [, name] }) => api.ask(MachineShape, "PATCH", path, { name }),
  say: ({ name }, before) => [`${before} is ${name} now`],
});
