/** The last lines of a log: read from a number on without a gap, or told how many are gone. */
import { assertEquals } from "@std/assert";
import { KEPT_LINES, LATEST_LINES, Tail } from "../../../lib/agent/tail.ts";
import { logTo } from "../../../lib/log.ts";
import { PART_LINES } from "../../../lib/protocol/log.ts";

Deno.test("who comes back gets what came since, and hears of what is not kept any more", async () => {
  const tail = new Tail(() => new Date(0), "one");
  const log = logTo((entry) => tail.take(entry));
  const over = AbortSignal.abort();
  const write = (count: number) => {
    for (let i = 0; i < count; i++) log.info("line", { user: "alice", secret: i });
  };
  write(LATEST_LINES + 5);
  const { signal } = new AbortController();
  const first = await tail.read(null, signal);
  assertEquals([first.lines.length, first.missed], [LATEST_LINES, 0]);
  const [line] = first.lines;
  const at = new Date(0).toISOString();
  assertEquals(line, { at, level: "info", text: "line user=alice secret=5", user: "alice" });
  const waiting = tail.read(first.place, signal);
  write(1);
  const second = await waiting;
  assertEquals([second.lines.length, second.missed], [1, 0]);
  assertEquals((await tail.read(second.place, over)).lines, []);
  // As many at once as are told, and what fell out of the end.
  write(KEPT_LINES + 7);
  const late = await tail.read(second.place, signal);
  assertEquals([late.lines.length, late.missed], [PART_LINES, 7]);
  const next = await tail.read(late.place, signal);
  assertEquals([next.missed, next.place.number], [0, late.place.number + PART_LINES]);
  // Another process has begun: nobody knows what the one before said last.
  const other = new Tail(() => new Date(0), "two");
  logTo((entry) => other.take(entry)).info("ready");
  const fresh = await other.read(second.place, signal);
  assertEquals([fresh.lines.length, fresh.missed], [1, null]);
});
