import { assertEquals } from "@std/assert";
import { QUEUE_BYTES, SlowLine } from "../../support/slow_line.ts";

const LINK = { bytesPerSecond: 1_000_000, delayMs: 50 };

Deno.test("SlowLine brings bytes after the time they take to leave and to travel", () => {
  const line = new SlowLine(LINK);
  assertEquals(line.take(1000, 10), 61);
});

Deno.test("SlowLine sends one after another, and the delay of both passes together", () => {
  const line = new SlowLine(LINK);
  assertEquals([line.take(4000, 0), line.take(1000, 1)], [54, 55]);
});

Deno.test("SlowLine saves nothing up while it is idle", () => {
  const line = new SlowLine(LINK);
  line.take(1000, 0);
  assertEquals(line.take(1000, 5000), 5051);
});

Deno.test("SlowLine has room until its queue is full, and again when that has left", () => {
  const line = new SlowLine(LINK);
  line.take(QUEUE_BYTES, 0);
  assertEquals(line.roomMs, 0);
  line.take(8000, 0);
  assertEquals(Math.round(line.roomMs), 8);
});
