/** What stands between client and container costs: CPU for echoes, memory for sessions. */
import { type Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { cpuSeconds, family, memoryBytes } from "../process.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Column, Figure } from "../table.ts";
import { echoes } from "./echo.ts";

/** A raw attach has nothing between. */
const COLUMNS: readonly Column[] = ["ttygate", "docker", "ttyd", "wetty"];
const ECHOES = 10_000, KEYS = 3000;
/** A command line is not what serves many. */
const SERVERS: readonly Column[] = ["ttygate", "apart", "ttyd", "wetty"];
const SESSIONS = [0, 50, 200], QUICK_SESSIONS = [0, 1, 2];
const STARTS_AT_ONCE = 4;
/** What the garbage collector does makes passes differ; peers are so far off that one will do. */
const MOST_PASSES = 3;
const SETTLE_MS = 10_000;
const READINGS = 9, READING_EVERY_MS = 500;

export async function measureCpu(lab: Lab, field: Field): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const screens: [Contender, Screen][] = [];
  for (const contender of field.only(COLUMNS)) {
    screens.push([contender, stack.use((await Screen.open(contender.target)).screen)]);
  }
  const rounds = new Rounds();
  const keys = lab.amount(KEYS, 100);
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`CPU of ${keys} echoes, round ${round} of ${lab.rounds}`);
    for (const [contender, screen] of screens) {
      const before = cpuSeconds(family(contender.pids()));
      await echoes(screen, keys, 0);
      const seconds = cpuSeconds(family(contender.pids())) - before;
      rounds.add(contender.column, seconds * ECHOES / keys);
    }
  }
  return [rounds.figure("CPU of 10,000 echoes", "s", median)];
}

export async function measureMemory(lab: Lab): Promise<Figure[]> {
  const steps = lab.quick ? QUICK_SESSIONS : SESSIONS;
  const atStep = steps.map(() => new Rounds());
  const each = new Rounds();
  const passes = Math.min(lab.rounds, MOST_PASSES);
  const turns = [...SERVERS, ...Array.from({ length: passes - 1 }, () => "ttygate" as const)];
  for (const column of turns) {
    // A fresh one: what a server did before shows in its memory.
    await using field = await Field.open(lab, { columns: [column] });
    await using stack = new AsyncDisposableStack();
    const [contender] = field.contenders;
    if (contender === undefined) continue;
    let open = 0;
    const readings: number[] = [];
    for (const [i, sessions] of steps.entries()) {
      lab.say(`memory with ${sessions} idle sessions, ${column}`);
      const start = async () => {
        while (open < sessions) {
          open++;
          stack.use((await Screen.open(contender.target)).screen);
          if (open % 25 === 0) lab.say(`${open} sessions are open`);
        }
      };
      await Promise.all(Array.from({ length: STARTS_AT_ONCE }, start));
      const samples = await readMemory(lab, contender);
      atStep[i]!.add(column, ...samples.map((bytes) => bytes / 1024 ** 2));
      readings.push(median(samples));
    }
    const more = steps[2]! - steps[1]!;
    each.add(column, (readings[2]! - readings[1]!) / 1024 / more);
    lab.say(`ending ${open} sessions`);
    await stack.disposeAsync();
    await contender.settle();
  }
  return [
    ...atStep.map((rounds, i) =>
      rounds.figure(`memory with ${steps[i]} idle sessions`, "MiB", median)
    ),
    each.figure(`memory of a session between ${steps[1]} and ${steps[2]}`, "KiB", median),
  ];
}

/** Several readings in bytes, once it is quiet. */
async function readMemory(lab: Lab, contender: Contender): Promise<number[]> {
  await pause(lab.amount(SETTLE_MS, 0));
  const samples: number[] = [];
  for (let i = 0; i < lab.amount(READINGS, 2); i++) {
    await pause(lab.amount(READING_EVERY_MS, 10));
    samples.push(memoryBytes(family(contender.pids())));
  }
  return samples;
}
