import { assertEquals } from "@std/assert";
import { LINE_BYTES, tally } from "./numbers.ts";

function lines(from: number, to: number): string {
  const text = (n: number) => `n${String(n).padStart(7, "0")} ${String(n).padStart(40, "0")}\r\n`;
  return Array.from({ length: to - from }, (_, i) => text(from + i)).join("");
}

Deno.test("tally() finds nothing wrong with lines that came once and in order", () => {
  const screen = `waiting\r\n${lines(0, 9)}done\r\n`;
  const checkedBytes = 9 * LINE_BYTES;
  assertEquals(tally([screen], 9), { checkedBytes, lostBytes: 0, repeatedBytes: 0 });
});

Deno.test("tally() counts what is missing, also half a line and the end", () => {
  const half = lines(3, 4).slice(0, 20);
  const screen = lines(0, 3) + half + lines(4, 8);
  assertEquals(tally([screen], 9).lostBytes, 2 * LINE_BYTES);
});

Deno.test("tally() counts what came again on one screen, whole lines or parts", () => {
  assertEquals(tally([lines(0, 5) + lines(3, 9)], 9).repeatedBytes, 2 * LINE_BYTES);
  const part = lines(4, 5).slice(0, 20);
  assertEquals(tally([lines(0, 5) + part + lines(5, 9)], 9).repeatedBytes, 20);
});

Deno.test("tally() allows a cleared screen to begin again, in the middle of a line", () => {
  const screens = [lines(0, 5), lines(2, 9).slice(13)];
  const checkedBytes = 9 * LINE_BYTES;
  assertEquals(tally(screens, 9), { checkedBytes, lostBytes: 0, repeatedBytes: 0 });
});
