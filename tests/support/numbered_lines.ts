/** Two hundred numbered lines on a screen, by which a test sees whether a byte is lost or repeated. */
import { assertEquals } from "@std/assert";
import type { TestTab } from "./tab.ts";

const LINES = 200;

/** Has a screen on which all of them have room. */
export const VIEWPORT = { width: 1000, height: 4400 };

/** Has the shell print them, one each hundredth of a second. */
export async function typeNumberedLines(tab: TestTab): Promise<void> {
  await tab.type(
    `stty -echo; clear; for i in $(seq ${LINES}); do printf 'line %03d %050d\\n' $i $i; ` +
      "sleep 0.01; done; stty echo\n",
  );
}

/** Asserts that each is there once, in order. */
export async function assertNumberedLines(tab: TestTab): Promise<void> {
  const lines = (await tab.rows()).filter((row) => row.startsWith("line "));
  const expected = Array.from({ length: LINES }, (_, i) => {
    const n = `${i + 1}`;
    return `line ${n.padStart(3, "0")} ${n.padStart(50, "0")}`;
  });
  assertEquals(lines, expected);
}
