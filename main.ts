/** The program `ttygate`: its subcommands, each loaded only when it is run. */
import { type Loader, runProgram } from "./lib/cli/command.ts";
import { isJournal } from "./lib/log.ts";

/** Every subcommand, in the order in which `--help` lists them. */
const commands: Readonly<Record<string, Loader>> = {
  serve: () => import("./lib/cli/serve.ts"),
  sweep: () => import("./lib/cli/sweep.ts"),
  user: () => import("./lib/cli/user.ts"),
  session: () => import("./lib/cli/session.ts"),
  doctor: () => import("./lib/cli/doctor.ts"),
  config: () => import("./lib/cli/config.ts"),
  version: () => import("./lib/cli/version.ts"),
};

/** In the journal a failure is an error, so that `journalctl -p err` finds it. */
function printError(text: string): void {
  const isFiled = isJournal(Deno.env.get("JOURNAL_STREAM"));
  console.error(isFiled ? text.replaceAll(/^/gm, "<3>") : text);
}

if (import.meta.main) {
  Deno.exit(
    await runProgram(Deno.args, {
      commands,
      env: Deno.env.toObject(),
      print: console.log,
      printError,
    }),
  );
}
