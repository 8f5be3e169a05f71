/** The program `ttygate`: its subcommands, each loaded only when it is run. */
import { type Loader, runProgram } from "./lib/cli/command.ts";

/** Every subcommand, in the order in which `--help` lists them. */
const commands: Readonly<Record<string, Loader>> = {
  serve: () => import("./lib/cli/serve.ts"),
  sweep: () => import("./lib/cli/sweep.ts"),
  user: () => import("./lib/cli/user.ts"),
  session: () => import("./lib/cli/session.ts"),
  config: () => import("./lib/cli/config.ts"),
  version: () => import("./lib/cli/version.ts"),
};

if (import.meta.main) {
  Deno.exit(
    await runProgram(Deno.args, {
      commands,
      env: Deno.env.toObject(),
      print: console.log,
      printError: console.error,
    }),
  );
}
