/** What the commands have in common that do something with one of one's own machines elsewhere. */
import type { Api } from "../../client/api.ts";
import { type MachineInfo, MachineShape } from "../../protocol/machines.ts";
import { type Command, type CommandContext, parseCommandArgs } from "../command.ts";
import { apiOf, ownAccount } from "./account.ts";

/** How long the gateway is asked to wait at a time, which is shorter than the client does. */
const WAIT_S = 20;

/** What a command does, and what it then says. */
interface Deed {
  readonly summary: string;
  readonly usage: string;
  readonly help: string;
  readonly options?: readonly string[];
  readonly flags?: readonly string[];
  readonly positionals?: readonly string[];
  readonly run: (call: DeedCall) => Promise<MachineInfo>;
  readonly say: (machine: MachineInfo, name: string) => readonly string[];
}

interface DeedCall {
  readonly api: Api;
  /** Below `/machines`. */
  readonly path: string;
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, boolean>>;
}

/** A command whose first argument is the name of a machine. */
export function machineCommand(name: string, deed: Deed): Command {
  const { summary, usage, help, options = [], flags = [], positionals = ["NAME"] } = deed;
  return {
    name,
    summary,
    help: `\nUsage: ttygate ${name} ${usage} [--json]\n\n${help}\n`,
    async run(args, { print }: CommandContext) {
      const parsed = parseCommandArgs(args, { flags: ["json", ...flags], options, positionals });
      const [machine] = parsed.positionals;
      using api = apiOf(await ownAccount());
      const path = pathOf(machine!);
      const answer = await deed.run({ api, path, ...parsed });
      if (parsed.flags["json"]) print(JSON.stringify(answer));
      else for (const line of deed.say(answer, machine!)) print(line);
      return 0;
    },
  };
}

/** Where one machine is in the API. */
export function pathOf(name: string): string {
  return `/machines/${encodeURIComponent(name)}`;
}

/** Waits until it is there. @throws {Error} where it fails, or somebody wants it otherwise by now */
export async function waitFor(
  api: Api,
  path: string,
  until: "running" | "stopped",
): Promise<MachineInfo> {
  const query = `?until=${until}&wait=${WAIT_S}`;
  while (true) {
    const machine = await api.ask(MachineShape, "GET", path + query);
    const { name, state, lastError } = machine;
    if (state === until) return machine;
    if (state === "failed") throw new Error(`${name} does not run: ${lastError}`);
    if (state === "running") throw new Error(`${name} runs: it was started meanwhile`);
    if (state === "stopped") {
      throw new Error(
        `${name} is stopped, meanwhile or by itself; 'ttygate show ${name}' tells more`,
      );
    }
  }
}
