/** How long a large paste takes to reach a program, whole and in order. */
import { createHash } from "node:crypto";
import type { Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";

const PASTE_BYTES = 1_000_000, QUICK_BYTES = 50_000;
/** What one message carries. */
const PIECE_BYTES = 32 * 1024;
const SETTLED_MS = 300;

export async function measurePaste(lab: Lab, field: Field): Promise<Figure[]> {
  const pasted = letters(lab.amount(PASTE_BYTES, QUICK_BYTES));
  const rounds = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    for (const contender of field.contenders) {
      lab.say(
        `paste of ${pasted.length} bytes, round ${round} of ${lab.rounds}, ${contender.column}`,
      );
      rounds.add(contender.column, await paste(lab, contender, pasted));
      await contender.settle();
    }
  }
  return [rounds.figure(`paste of ${pasted.length / 1e6} MB`, "ms", median)];
}

async function paste(lab: Lab, { target, column }: Contender, bytes: Uint8Array): Promise<number> {
  const { screen } = await Screen.open(target);
  await using _open = screen;
  // A terminal in its usual mode would cut lines that are too long, and show all of it.
  screen.type(`stty raw -echo; echo REA''DY; head -c ${bytes.length} | sha1sum; stty sane\r`);
  await screen.see(/READY/);
  await pause(lab.amount(SETTLED_MS, 0));
  const from = performance.now();
  for (let i = 0; i < bytes.length; i += PIECE_BYTES) {
    await screen.write(bytes.subarray(i, i + PIECE_BYTES));
  }
  const at = await screen.see(/[0-9a-f]{40} {2}-/);
  const sum = createHash("sha1").update(bytes).digest("hex");
  if (!screen.tail.includes(sum)) throw new Error(`${column} changed what was pasted`);
  return at - from;
}

function letters(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => 97 + Math.floor(Math.random() * 26));
}
