/** The program `ttygate`: its subcommands, each loaded only when it is run. */
import { type Loader, runProgram } from "./lib/cli/command.ts";
import { divertLog, isJournal, toStderr } from "./lib/log.ts";
import { openJournal } from "./lib/systemd/journal.ts";

/** Every subcommand, in the order in which `--help` lists them. */
const commands: Readonly<Record<string, Loader>> = {
  serve: () => import("./lib/cli/serve.ts"),
  agent: () => import("./lib/cli/agent.ts"),
  sweep: () => import("./lib/cli/sweep.ts"),
  user: () => import("./lib/cli/user.ts"),
  session: () => import("./lib/cli/session.ts"),
  drain: () => import("./lib/cli/drain.ts"),
  broadcast: () => import("./lib/cli/broadcast.ts"),
  doctor: () => import("./lib/cli/doctor.ts"),
  config: () => import("./lib/cli/config.ts"),
  install: () => import("./lib/cli/install.ts"),
  uninstall: () => import("./lib/cli/uninstall.ts"),
  version: () => import("./lib/cli/version.ts"),
};

const isFiled = isJournal(Deno.env.get("JOURNAL_STREAM"));

/** In the journal a failure is an error, so that `journalctl -p err` finds it. */
function printError(text: string): void {
  console.error(isFiled ? text.replaceAll(/^/gm, "<3>") : text);
}

async function main(): Promise<number> {
  await using journal = isFiled ? openJournal(toStderr) : null;
  if (journal) {
    // journald finds out on the first line, here an empty one that it drops, which unit a process is
    // of. From a program that has ended by then it would take an entry and file it under none.
    console.error();
    divertLog(journal.write);
    // Whatever ends the program, also a second SIGTERM.
    addEventListener("unload", () => journal.abandon());
  }
  return await runProgram(Deno.args, {
    commands,
    env: Deno.env.toObject(),
    print: console.log,
    printError,
  });
}

if (import.meta.main) Deno.exit(await main());
