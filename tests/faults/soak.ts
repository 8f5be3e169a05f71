/** The soak: random faults over random sessions; fails on any byte lost or anything left behind. */
import { parseArgs } from "node:util";
import { Random } from "./random.ts";
import { live } from "./soak_person.ts";
import { World } from "./soak_world.ts";

const PERSONS = 5;
const PROGRESS_MS = 10_000;

const HELP = `
Usage: deno task soak [--minutes N] [--seconds N] [--seed N] [--apart socket|dialled]

Runs a gateway and ${PERSONS} persons with a session each, again and again, while clients lose their
network, tabs are loaded again, gateways are restarted and killed, connections to Docker are cut and
containers are killed. The same seed makes the same choices, though not at the same moments. Exits
with 1 when a byte was lost or came twice, a session ended otherwise than it should, or anything was
left behind. With --apart the agent is a process of its own, behind a socket or dialling the gateway,
which is restarted and killed as well, and the way between the two is cut.
`;

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly apart: "socket" | "dialled" | null;
}

function parse(args: string[]): Options | null {
  const text = { type: "string" } as const;
  const { values: { minutes, seconds, seed, apart = null, help } } = parseArgs({
    args,
    options: {
      ...{ minutes: text, seconds: text, seed: text, apart: text },
      help: { type: "boolean" },
    },
  });
  const total = Number(minutes ?? 0) * 60 + Number(seconds ?? 0) || 60;
  const number = Number(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  if (help || !(total > 0) || !Number.isInteger(number)) return null;
  if (apart !== null && apart !== "socket" && apart !== "dialled") return null;
  return { seconds: total, seed: number, apart };
}

/** @returns whether all was well */
async function soak({ seconds, seed, apart }: Options): Promise<boolean> {
  console.log(`soak: ${seconds} s, seed ${seed}${apart ? `, with an agent apart (${apart})` : ""}`);
  const random = new Random(seed);
  await using world = await World.open({ apart });
  const startMs = performance.now();
  const timer = setInterval(() => progress(world, performance.now() - startMs), PROGRESS_MS);
  try {
    await Promise.all([
      world.trouble(random.fork(), seconds * 1_000),
      ...Array.from({ length: PERSONS }, () => live(world, random.fork())),
    ]);
  } finally {
    clearInterval(timer);
  }
  const { book, findings, usedAtStart } = world;
  const { containers, networks, leases, used } = await world.settle();
  const faults = [...world.faults].map(([fault, count]) => `${fault} ${count}`).join(", ");
  console.log(
    `soak: ${book.opened} sessions opened | faults: ${faults} | ` +
      `bytes: ${book.checkedBytes} checked, ${book.lostBytes} lost, ${book.repeatedBytes} repeated` +
      ` | screens started over: ${book.startedOver} | ` +
      `left: ${containers} containers, ${networks} networks, ${leases} leases | ` +
      `gateway: ${usedAtStart.descriptors} descriptors and ${usedAtStart.rssMiB} MiB at the start, ` +
      `${used.descriptors} and ${used.rssMiB} at the end | seed ${seed}`,
  );
  for (const finding of findings) console.log(`soak: ${finding}`);
  const isWell = findings.length === 0 && containers + networks + leases === 0;
  if (!isWell) console.log(world.evidence.join("\n"));
  return isWell;
}

function progress({ book, faults }: World, elapsedMs: number): void {
  const made = [...faults.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `soak: ${Math.round(elapsedMs / 1_000)} s, ${book.opened} sessions opened, ${made} faults, ` +
      `${book.checkedBytes} bytes checked, ${book.lostBytes} lost`,
  );
}

const options = parse(Deno.args);
if (options === null) {
  console.error(HELP.trim());
  Deno.exit(2);
}
Deno.exit(await soak(options) ? 0 : 1);
