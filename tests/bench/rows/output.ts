/** How fast a long file comes through, with no limit on the container's CPU. */
import { type Contender, Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";

const FILE_BYTES = 100_000_000, QUICK_BYTES = 1_000_000;
/** A line of the file without its end, which the terminal makes one byte longer. */
const LINE = "The quick brown fox jumps over the lazy dog and runs off into the deep old wood";
const SETTLED_MS = 500;

export async function measureOutput(lab: Lab): Promise<Figure[]> {
  const lines = Math.floor(lab.amount(FILE_BYTES, QUICK_BYTES) / (LINE.length + 1));
  const fileBytes = lines * (LINE.length + 1);
  await using field = await Field.open(lab, { unlimited: true });
  const rounds = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    for (const contender of field.contenders) {
      lab.say(
        `output of ${fileBytes / 1e6} MB, round ${round} of ${lab.rounds}, ${contender.column}`,
      );
      const seconds = await readFile(lab, contender, lines);
      rounds.add(contender.column, fileBytes / 1e6 / seconds);
      await contender.settle();
    }
  }
  return [rounds.figure(`output of a file of ${Math.round(fileBytes / 1e6)} MB`, "MB/s", median)];
}

async function readFile(lab: Lab, { target, column }: Contender, lines: number): Promise<number> {
  const { screen } = await Screen.open(target);
  await using _open = screen;
  screen.type(`yes '${LINE}' | head -n ${lines} > /tmp/file; echo MA''DE\r`);
  await screen.see(/MADE\r\n.*[#$] $/s);
  await pause(lab.amount(SETTLED_MS, 0));
  const bytesBefore = screen.outputBytes;
  const from = performance.now();
  screen.type("cat /tmp/file; echo SE''EN\r");
  const at = await screen.see(/SEEN\r\n/);
  const bytes = screen.outputBytes - bytesBefore;
  const least = lines * (LINE.length + 2);
  if (bytes < least) throw new Error(`${column} lost output: ${bytes} bytes of ${least} came`);
  return (at - from) / 1000;
}
