/** From the wish for a terminal to its first prompt: with a shell that waits ready, and without. */
import { type Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Column, Figure } from "../table.ts";
import { until } from "../../support/gateway.ts";

const POOL_SIZE = 2;
/** After the pool is full again: what is running may still be starting its shell. */
const SETTLED_MS = 300;
const REFILL_MS = 60_000;
/** Terminals of a contender in one round. */
const REPEATS = 4;

export async function measurePrompt(lab: Lab, field: Field): Promise<Figure[]> {
  await using pooled = await Field.open(lab, {
    columns: ["ttygate", "apart", "dialled"],
    poolSize: POOL_SIZE,
  });
  const fromPool = new Rounds(), cold = new Rounds();
  const ready: Partial<Record<Column, string>> = {};
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`first prompt, round ${round} of ${lab.rounds}`);
    for (let repeat = 0; repeat < lab.amount(REPEATS, 1); repeat++) {
      // A round's repeats are rounds of their own here: contenders alternate one by one.
      for (const contender of pooled.contenders) {
        const { column } = contender;
        ready[column] = await poolIsFull(lab, contender, ready[column] ?? "");
        fromPool.add(column, await firstPrompt(lab, contender));
      }
      for (const contender of field.contenders) {
        const tookMs = await firstPrompt(lab, contender);
        cold.add(contender.column, tookMs);
        if (contender.column === "docker") fromPool.add("docker", tookMs);
      }
    }
  }
  return [
    fromPool.figure("first prompt from the pool", "ms", median),
    cold.figure("first prompt, cold", "ms", median),
  ];
}

async function firstPrompt(lab: Lab, { target, settle }: Contender): Promise<number> {
  await pause(lab.amount(SETTLED_MS, 0));
  const from = performance.now();
  const { screen, promptAt } = await Screen.open(target);
  await screen[Symbol.asyncDispose]();
  await settle();
  return promptAt - from;
}

/** Waits until the pool is full of others than the last time, and returns who they are. */
async function poolIsFull(lab: Lab, { instance }: Contender, last: string): Promise<string> {
  let now = "";
  await until(async () => {
    const containers = await lab.containers(instance);
    const running = containers.filter(({ State }) => State === "running");
    now = running.map(({ Id }) => Id).toSorted().join();
    // One that was claimed keeps its labels until it is gone.
    return running.length === POOL_SIZE && now !== last;
  }, REFILL_MS);
  await pause(lab.amount(SETTLED_MS, 0));
  return now;
}
