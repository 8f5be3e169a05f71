import { assert, assertEquals } from "@std/assert";
import { GATHER_MS, Pace, PLENTY_BYTES } from "../../../lib/terminal/pace.ts";

Deno.test("Pace lets the first output go at once, and the next one 2 ms after the last", () => {
  const pace = new Pace();
  assert(pace.waitMs(1, 0) <= 0);
  pace.sent(10);
  assertEquals(pace.waitMs(1, 10), GATHER_MS);
  assertEquals(pace.waitMs(1, 11.5), 0.5);
  assertEquals(pace.waitMs(1, 12), 0);
});

Deno.test("Pace lets an echo go at once, and counts on one only", () => {
  const pace = new Pace();
  pace.sent(10);
  pace.typed();
  assertEquals(pace.waitMs(1, 10), 0);
  pace.sent(10);
  assertEquals(pace.waitMs(1, 10), GATHER_MS);
});

Deno.test("Pace lets plenty go at once", () => {
  const pace = new Pace();
  pace.sent(10);
  assertEquals(pace.waitMs(PLENTY_BYTES - 1, 10), GATHER_MS);
  assertEquals(pace.waitMs(PLENTY_BYTES, 10), 0);
});
