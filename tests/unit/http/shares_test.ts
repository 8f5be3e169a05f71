import { assert } from "@std/assert";
import { Shares } from "../../../lib/http/shares.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** Shares of a thread that is free again as soon as it is asked. */
function shares(options: { watched?: boolean } = {}) {
  const clock = new ManualClock();
  const { watched = true } = options;
  return { clock, shares: new Shares({ clock, isWatched: () => watched, soon: (back) => back() }) };
}

/** Has a source do as much as it may. */
function hurry(shares: Shares, source: string, done: (source: string) => void): void {
  const work = () => {
    done(source);
    if (shares.enter(source)) work();
    else shares.wait(source, work);
  };
  if (shares.enter(source)) work();
  else shares.wait(source, work);
}

Deno.test("who asks now and then has a turn at once", async () => {
  const { shares: thread, clock } = shares();
  for (let i = 0; i < 50; i++) {
    assert(thread.enter("a"));
    await clock.advance(20);
  }
});

Deno.test("one source gets a part of the thread, and all of what is free where nobody types", async () => {
  const turns: Record<string, number> = {};
  for (const watched of [true, false]) {
    const { shares: thread, clock } = shares({ watched });
    let count = 0;
    hurry(thread, "a", () => count++);
    await clock.advance(1000);
    turns[`${watched}`] = count;
  }
  assert(turns.true! > 100, `${turns.true} turns`);
  assert(turns.false! > 2 * turns.true!, `${turns.false} and ${turns.true} turns`);
});

Deno.test("two that hurry have the same, and one that comes later does not wait behind them", async () => {
  const { shares: thread, clock } = shares();
  const turns = new Map([["a", 0], ["b", 0], ["c", 0]]);
  const count = (source: string) => turns.set(source, turns.get(source)! + 1);
  for (let i = 0; i < 50; i++) hurry(thread, "a", count);
  hurry(thread, "b", count);
  await clock.advance(1000);
  const [a, b] = [turns.get("a")!, turns.get("b")!];
  assert(Math.abs(a - b) < (a + b) / 20, `${a} and ${b} turns`);
  hurry(thread, "c", count);
  await clock.advance(10);
  assert(turns.get("c")! > 0);
});

Deno.test("no more is done in a row than a slice, however many come at once", () => {
  const { shares: thread } = shares();
  let atOnce = 0;
  for (let i = 0; i < 500; i++) {
    if (thread.enter(`source ${i}`)) atOnce++;
  }
  assert(atOnce > 0 && atOnce <= 15, `${atOnce} at once`);
});

Deno.test("what costs several turns comes as much more seldom", async () => {
  const counts = [];
  for (const turns of [1, 8]) {
    const { shares: thread, clock } = shares();
    let count = 0;
    const work = () => {
      count++;
      thread.wait("a", work, turns);
    };
    thread.wait("a", work, turns);
    await clock.advance(2000);
    counts.push(count);
  }
  const [cheap = 0, dear = 0] = counts;
  assert(dear > 0 && cheap / dear > 4 && cheap / dear < 12, `${cheap} and ${dear} turns`);
});

Deno.test("who goes away while it waits has no turn", async () => {
  const { shares: thread, clock } = shares();
  while (thread.enter("a"));
  const wait = thread.wait("a", () => {
    throw new Error("a turn of nobody's");
  });
  wait[Symbol.dispose]();
  await clock.advance(1000);
  assert(thread.enter("a"));
});
