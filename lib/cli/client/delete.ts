/** `ttygate delete`: deletes one of one's own machines. */
import * as v from "valibot";
import { type Command, parseCommandArgs } from "../command.ts";
import { apiOf, ownAccount } from "./account.ts";
import { pathOf } from "./machines.ts";

export const command: Command = {
  name: "delete",
  summary: "deletes a machine there; for a day it can be restored",
  help: `
Usage: ttygate delete NAME [--json]

Stops a machine for good. For 24 hours 'ttygate restore NAME' brings it back with all that it kept.
`,
  async run(args, { print }) {
    const { flags, positionals: [name] } = parseCommandArgs(args, {
      flags: ["json"],
      positionals: ["NAME"],
    });
    using api = apiOf(await ownAccount());
    await api.ask(v.null(), "DELETE", pathOf(name!));
    const words = `${name} is deleted; for 24 hours 'ttygate restore ${name}' brings it back`;
    print(flags["json"] ? JSON.stringify({ deleted: name }) : words);
    return 0;
  },
};
