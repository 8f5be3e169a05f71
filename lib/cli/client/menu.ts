/** `ttygate menu`: one's machines by numbers, for those who want no verbs; each says the command it is. */
import type { Api } from "../../client/api.ts";
import { describeError } from "../../log.ts";
import { type Command, type CommandContext, parseCommandArgs, UsageError } from "../command.ts";
import { apiOf, ownAccount } from "./account.ts";
import { command as create } from "./create.ts";
import { command as remove } from "./delete.ts";
import { command as list, ownMachines } from "./list.ts";
import { command as restore } from "./restore.ts";
import { command as shell } from "./shell.ts";
import { command as start } from "./start.ts";
import { command as stop } from "./stop.ts";
import { typedLine } from "./typed.ts";

interface Choice {
  readonly says: string;
  readonly command: Command;
  /** Which machine it asks for; null for none. */
  readonly of: "living" | "deleted" | "new" | null;
}

const CHOICES: readonly Choice[] = [
  { says: "list my terminals and machines", command: list, of: null },
  { says: "a shell in a machine", command: shell, of: "living" },
  { says: "a shell in a fresh container", command: shell, of: null },
  { says: "make a machine", command: create, of: "new" },
  { says: "start a machine", command: start, of: "living" },
  { says: "stop a machine", command: stop, of: "living" },
  { says: "delete a machine", command: remove, of: "living" },
  { says: "bring a deleted machine back", command: restore, of: "deleted" },
];

export const command: Command = {
  name: "menu",
  summary: "offers what can be done there by numbers",
  help: `
Usage: ttygate menu

Lists what can be done with your machines, each by a number and with the command that does the same.
0, or Ctrl-D, leaves.
`,
  async run(args, context) {
    parseCommandArgs(args, {});
    if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
      throw new UsageError("'menu' needs a terminal; programs use the commands it names");
    }
    const { print } = context;
    const account = await ownAccount();
    using api = apiOf(account);
    const widest = Math.max(...CHOICES.map(({ says }) => says.length));
    while (true) {
      print(`\n${account.user} on ${account.url}\n`);
      for (const [index, { says, command, of }] of CHOICES.entries()) {
        print(`  ${index + 1}  ${says.padEnd(widest)}  ${lineOf(command, of && "NAME")}`);
      }
      print("  0  leave\n");
      const number = await ask("Number:");
      if (number === null || number === "0") return 0;
      const choice = /^\d$/.test(number) ? CHOICES[Number(number) - 1] : undefined;
      if (choice) await take(choice, api, context);
      else print(`There is no ${number || "such number"}: type one of those before a line.`);
    }
  },
};

/** Does it, and tells what went wrong as the command would. */
async function take({ command, of }: Choice, api: Api, context: CommandContext): Promise<void> {
  const { print, printError } = context;
  try {
    const name = of && await machineFor(of, api, print);
    if (name === "") return;
    print(`\n$ ${lineOf(command, name)}`);
    await command.run(name === null ? [] : [name], context);
  } catch (error) {
    printError(`ttygate: ${describeError(error)}`);
  }
}

/** The name that somebody types; empty where they do not want it any more. */
async function machineFor(
  of: "living" | "deleted" | "new",
  api: Api,
  print: (line: string) => void,
): Promise<string> {
  if (of === "new") return await ask("Name of the new machine (Enter for none):") ?? "";
  const names = (await ownMachines(api))
    .filter(({ state }) => (state === "deleted") === (of === "deleted"))
    .map(({ name }) => name);
  if (names.length === 0) {
    print(of === "deleted" ? "No deleted machine is kept." : "You have no machine.");
    return "";
  }
  return await ask(`Which machine, of ${names.join(", ")} (Enter for none):`) ?? "";
}

function lineOf({ name }: Command, machine: string | null): string {
  return `ttygate ${name}${machine === null ? "" : ` ${machine}`}`;
}

async function ask(question: string): Promise<string | null> {
  await Deno.stdout.write(new TextEncoder().encode(`${question} `));
  return await typedLine();
}
