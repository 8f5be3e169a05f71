import { assert } from "@std/assert";
import { FairQueue } from "../../../lib/http/fair_queue.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** FairQueue of a thread that is free again as soon as it is asked. */
function queue(options: { watched?: boolean } = {}) {
  const clock = new ManualClock();
  const { watched = true } = options;
  return {
    clock,
    queue: new FairQueue({ clock, isWatched: () => watched, soon: (back) => back() }),
  };
}

/** Has a source do as much as it may. */
function queueAll(queue: FairQueue, source: string, done: (source: string) => void): void {
  const work = () => {
    done(source);
    if (queue.enter(source)) work();
    else queue.wait(source, work);
  };
  if (queue.enter(source)) work();
  else queue.wait(source, work);
}

Deno.test("who asks now and then has a turn at once", async () => {
  const { queue: thread, clock } = queue();
  for (let i = 0; i < 50; i++) {
    assert(thread.enter("a"));
    await clock.advance(20);
  }
});

Deno.test("one source gets a part of the thread, and all of what is free where nobody types", async () => {
  const turns: Record<string, number> = {};
  for (const watched of [true, false]) {
    const { queue: thread, clock } = queue({ watched });
    let count = 0;
    queueAll(thread, "a", () => count++);
    await clock.advance(1000);
    turns[`${watched}`] = count;
  }
  assert(turns.true! > 100, `${turns.true} turns`);
  assert(turns.false! > 2 * turns.true!, `${turns.false} and ${turns.true} turns`);
});

Deno.test("two that queue have the same, and one that comes later does not wait behind them", async () => {
  const { queue: thread, clock } = queue();
  const turns = new Map([["a", 0], ["b", 0], ["c", 0]]);
  const count = (source: string) => turns.set(source, turns.get(source)! + 1);
  for (let i = 0; i < 50; i++) queueAll(thread, "a", count);
  queueAll(thread, "b", count);
  await clock.advance(1000);
  const [a, b] = [turns.get("a")!, turns.get("b")!];
  assert(Math.abs(a - b) < (a + b) / 20, `${a} and ${b} turns`);
  queueAll(thread, "c", count);
  await clock.advance(10);
  assert(turns.get("c")! > 0);
});

Deno.test("no more is done in a row than a slice, however many come at once", () => {
  const { queue: thread } = queue();
  let atOnce = 0;
  for (let i = 0; i < 500; i++) {
    if (thread.enter(`source ${i}`)) atOnce++;
  }
  assert(atOnce > 0 && atOnce <= 15, `${atOnce} at once`);
});

Deno.test("what costs several turns comes as much more seldom", async () => {
  const counts = [];
  for (const turns of [1, 8]) {
    const { queue: thread, clock } = queue();
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
  const { queue: thread, clock } = queue();
  while (thread.enter("a"));
  const wait = thread.wait("a", () => {
    throw new Error("a turn of nobody's");
  });
  wait[Symbol.dispose]();
  await clock.advance(1000);
  assert(thread.enter("a"));
});
