/** From Ctrl-C to the next prompt, under a program that floods the terminal. */
import type { Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { PROMPT, Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";

/** Interrupts of a contender in one round. */
const INTERRUPTS = 10;
const FLOODING_BYTES = 256 * 1024, QUICK_BYTES = 16 * 1024;
/** How long the flood goes on at least and at most. */
const LEAST_MS = 300, MOST_MS = 800;
const INTERRUPT = Uint8Array.of(3);

export async function measureInterrupt(lab: Lab, field: Field): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const screens: [Contender, Screen][] = [];
  for (const contender of field.contenders) {
    screens.push([contender, stack.use((await Screen.open(contender.target)).screen)]);
  }
  const rounds = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`Ctrl-C to the prompt under yes, round ${round} of ${lab.rounds}`);
    for (const [{ column }, screen] of screens) {
      const samples: number[] = [];
      for (let i = 0; i < lab.amount(INTERRUPTS, 1); i++) {
        samples.push(await interrupt(lab, screen));
      }
      rounds.add(column, ...samples);
    }
  }
  return [
    rounds.figure("Ctrl-C to the prompt under `yes`, median", "ms", median),
    rounds.figure("Ctrl-C to the prompt under `yes`, longest", "ms", (all) => Math.max(...all)),
  ];
}

async function interrupt(lab: Lab, screen: Screen): Promise<number> {
  screen.type("yes\r");
  await screen.seeBytes(screen.outputBytes + lab.amount(FLOODING_BYTES, QUICK_BYTES));
  await pause(lab.amount(LEAST_MS + Math.random() * (MOST_MS - LEAST_MS), 0));
  const from = performance.now();
  void screen.write(INTERRUPT);
  const at = await screen.see(PROMPT);
  await pause(lab.amount(LEAST_MS, 0));
  return at - from;
}
