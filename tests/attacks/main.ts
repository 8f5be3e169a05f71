/** `deno task attack NAME`: plays an attack and tells what others felt; 1 when a bar is missed. */
import { parseArgs } from "node:util";
import { ATTACKS } from "./all.ts";
import { type Plan, play } from "./experiment.ts";
import { FROM, peopleOf, startGateway } from "./own_gateway.ts";
import { judge } from "./verdict.ts";

const HELP = `Usage: deno task attack NAME [OPTIONS]

Plays an attack from 127.0.0.2 on a gateway of its own, while others, from 127.0.0.1, type, log in
and open sessions, and holds what they felt against the bars. It stops by itself.

  --seconds N   how long; 30 unless given
  --scale N     how many times the size at which it was first seen to work; 10 unless given
  --from ADDR   the attacker's address, one of this machine's
  --url URL     your own server instead, which must be yours to attack: the accounts are then
  --user NAME   that feels it, and
  --attacker NAME  that attacks; the passwords are the first two lines of standard input

Attacks:
`;

async function main(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values: options, positionals: [name = ""] } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean" },
      ...{ seconds: text, scale: text, from: text, url: text, user: text, attacker: text },
    },
    allowPositionals: true,
  });
  if (options.help || !Object.hasOwn(ATTACKS, name)) {
    const width = Math.max(...Object.keys(ATTACKS).map((name) => name.length));
    const lines = await Promise.all(
      Object.entries(ATTACKS).map(async ([name, load]) =>
        `  ${name.padEnd(width)}  ${(await load()).attack.summary}`
      ),
    );
    console.log(HELP + lines.join("\n"));
    return options.help ? 0 : 2;
  }
  const common = {
    name,
    seconds: number(options.seconds, 30),
    scale: number(options.scale, 10),
    from: options.from ?? FROM,
  };
  if (options.url !== undefined) {
    const [otherPassword = "", attackerPassword = ""] = prompts();
    return await tell({
      ...common,
      other: {
        origin: options.url,
        username: options.user ?? "",
        password: otherPassword,
      },
      attacker: {
        origin: options.url,
        username: options.attacker ?? "",
        password: attackerPassword,
      },
      pids: [],
    });
  }
  await using gateway = await startGateway({ TTYGATE_POOL_SIZE: "2" });
  return await tell({ ...common, ...peopleOf(gateway) });
}

async function tell(plan: Plan): Promise<number> {
  const { attack } = await ATTACKS[plan.name]!();
  console.log(`${plan.name}: ${attack.summary}; scale ${plan.scale}, ${plan.seconds} s`);
  const outcome = await play(plan);
  const did = Object.entries(outcome.did).map(([what, count]) => `${count} ${what}`);
  console.log(`  the attacker's count: ${did.join(", ") || "none"}`);
  const findings = judge(outcome);
  for (const { what, calm, under, bar, holds } of findings) {
    console.log(`  ${holds ? "ok  " : "FAIL"} ${what}: ${calm} calm, ${under} under it; ${bar}`);
  }
  return findings.every(({ holds }) => holds) ? 0 : 1;
}

function prompts(): string[] {
  return new TextDecoder().decode(Deno.readFileSync("/dev/stdin")).split("\n");
}

function number(text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${text} is no number above nothing`);
  return value;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
