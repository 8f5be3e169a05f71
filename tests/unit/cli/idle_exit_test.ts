/** Proves when nothing has lived for long enough, with a clock that only the test moves. */
import { assertEquals } from "@std/assert";
import { type Life, untilIdle } from "../../../lib/cli/idle_exit.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function watch(limitMs: number | null) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const seen = {
    life: { lives: false, visits: 0 } as Life,
    limitMs,
    leftAtMs: null as number | null,
  };
  untilIdle({ life: () => seen.life, idleExitMs: () => seen.limitMs, clock }, stop.signal)
    .then(() => seen.leftAtMs = clock.now());
  return { clock, stop, seen };
}

Deno.test("it is time to leave when nothing has lived for as long as is configured", async () => {
  const { clock, seen } = watch(90_000);
  await clock.advance(89_999);
  assertEquals(seen.leftAtMs, null);
  await clock.advance(1);
  assertEquals([seen.leftAtMs, clock.pending], [90_000, 0]);
});

Deno.test("what lives puts it off, counted from when it was seen last", async () => {
  const { clock, seen } = watch(5_000);
  seen.life = { lives: true, visits: 1 };
  await clock.advance(60_000);
  seen.life = { lives: false, visits: 1 };
  await clock.advance(4_000);
  assertEquals(seen.leftAtMs, null);
  await clock.advance(1_000);
  assertEquals(seen.leftAtMs, 65_000);
});

Deno.test("who came and went between two looks puts it off, too", async () => {
  const { clock, seen } = watch(2_000);
  for (let visits = 1; visits <= 30; visits++) {
    seen.life = { lives: false, visits };
    await clock.advance(1_000);
  }
  assertEquals(seen.leftAtMs, null);
  await clock.advance(2_000);
  assertEquals(seen.leftAtMs, 32_000);
});

Deno.test("a limit shorter than the pause between two looks holds as well", async () => {
  const { clock, seen } = watch(200);
  await clock.advance(200);
  assertEquals(seen.leftAtMs, 200);
});

Deno.test("off is never, until it is switched on", async () => {
  const { clock, seen } = watch(null);
  await clock.advance(60_000);
  assertEquals(seen.leftAtMs, null);
  seen.limitMs = 3_000;
  await clock.advance(1_000);
  assertEquals(seen.leftAtMs, 61_000);
});

Deno.test("once it is stopped it neither looks nor leaves", async () => {
  const { clock, stop, seen } = watch(5_000);
  await clock.advance(1_000);
  stop.abort();
  await clock.advance(60_000);
  assertEquals([seen.leftAtMs, clock.pending], [null, 0]);
});
