/** `ttygate version`: says which version this is, of which kind, and what it runs on. */
import manifest from "../../deno.json" with { type: "json" };
import { parseCommandArgs } from "./command.ts";
import type { Command } from "./command.ts";

/** The version of ttygate, as deno.json has it. */
export const VERSION: string = manifest.version;

/** How the program that runs was made. */
export type Kind = "compiled executable" | "bundled executable" | "from source";

/** Which of these this is: only the source is TypeScript. */
export function kind(): Kind {
  if (Deno.build.standalone) return "compiled executable";
  return import.meta.url.endsWith(".ts") ? "from source" : "bundled executable";
}

export const command: Command = {
  name: "version",
  summary: "says which version this is",
  help: `
Usage: ttygate version

Prints the version of ttygate, how it was built, and the version of Deno inside it: "compiled
executable" is one that deno compile made, "bundled executable" is a Deno with the program beside
it, whether unpacked by a package or by itself, and "from source" is a checkout.
`,
  run: (args, { print }) => {
    parseCommandArgs(args, {});
    print(`ttygate ${VERSION} (${kind()}, Deno ${Deno.version.deno})`);
    return Promise.resolve(0);
  },
};
