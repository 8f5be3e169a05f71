/** The program `ttygate`. */
import { runProgram } from "./lib/cli/command.ts";
import { commands } from "./lib/cli/commands.ts";
import { divertLog, isJournal, toStderr } from "./lib/log.ts";
import { openJournal } from "./lib/systemd/journal.ts";

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
