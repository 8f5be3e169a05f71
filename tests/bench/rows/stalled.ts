/** What piles up in memory while clients are stuck under programs that flood. */
import type { Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { family, memoryBytes } from "../process.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Column, Figure } from "../table.ts";

const SERVERS: readonly Column[] = ["ttygate", "apart", "ttyd", "wetty"];
const CLIENTS = 10;
/** A client that answers no ping is dropped within 16 s; one that does is not. */
const STALLED_MS = 29_000;
/** The first part of it may still fill buffers; what is left should be flat. */
const FILLING_MS = 9_000;
const READING_EVERY_MS = 250;
const IDLE_MS = 3_000;
const MOST_ROUNDS = 3;

export async function measureStalled(lab: Lab, field: Field): Promise<Figure[]> {
  const peaks = new Rounds(), growths = new Rounds();
  const rounds = Math.min(lab.rounds, MOST_ROUNDS);
  const clients = lab.amount(CLIENTS, 2);
  for (let round = 1; round <= rounds; round++) {
    for (const contender of field.only(SERVERS)) {
      const { column } = contender;
      lab.say(`${clients} stalled clients under yes, round ${round} of ${rounds}, ${column}`);
      const { peak, growth } = await stall(lab, contender, clients);
      peaks.add(column, peak / 1024 ** 2);
      growths.add(column, growth / 1024 ** 2);
      await contender.settle();
    }
  }
  const label = `${clients} clients stalled under \`yes\` for 30 s`;
  return [
    peaks.figure(`${label}: memory peak above idle`, "MiB", median),
    growths.figure(`${label}: growth over the last 20 s`, "MiB", median),
  ];
}

/** In bytes. */
async function stall(
  lab: Lab,
  contender: Contender,
  clients: number,
): Promise<{ peak: number; growth: number }> {
  await using stack = new AsyncDisposableStack();
  const screens: Screen[] = [];
  for (let i = 0; i < clients; i++) {
    const { screen } = await Screen.open(contender.target);
    screens.push(stack.use(screen));
  }
  const read = () => memoryBytes(family(contender.pids()));
  const idle = median(await readings(read, lab.amount(IDLE_MS, 100)));
  for (const [i, screen] of screens.entries()) {
    screen.type("yes\r");
    screen.stall(i % 2 === 0 ? "reading" : "acking");
  }
  const filling = await readings(read, lab.amount(FILLING_MS, 300));
  const rest = await readings(read, lab.amount(STALLED_MS - FILLING_MS, 500));
  const quarter = Math.ceil(rest.length / 4);
  return {
    peak: Math.max(...filling, ...rest) - idle,
    growth: median(rest.slice(-quarter)) - median(rest.slice(0, quarter)),
  };
}

async function readings(read: () => number, duringMs: number): Promise<number[]> {
  const samples: number[] = [];
  const end = performance.now() + duringMs;
  do {
    await pause(READING_EVERY_MS);
    samples.push(read());
  } while (performance.now() < end);
  return samples;
}
