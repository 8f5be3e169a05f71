/** `ttygate version`: says which version this is and what it runs on. */
import manifest from "../../deno.json" with { type: "json" };
import { parseCommandArgs } from "./command.ts";
import type { Command } from "./command.ts";

/** The version of ttygate, as deno.json has it. */
export const VERSION: string = manifest.version;

export const command: Command = {
  name: "version",
  summary: "says which version this is",
  help: `
Usage: ttygate version

Prints the version of ttygate, how it was built, and the version of Deno inside it.
`,
  run: (args, { print }) => {
    parseCommandArgs(args, {});
    const build = Deno.build.standalone ? "one executable" : "from source";
    print(`ttygate ${VERSION} (${build}, Deno ${Deno.version.deno})`);
    return Promise.resolve(0);
  },
};
