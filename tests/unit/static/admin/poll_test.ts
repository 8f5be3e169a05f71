import { assertEquals } from "@std/assert";
import { Poll } from "../../../../static/admin/poll.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";

/** A poll every two seconds, whose rounds the test answers. */
function stage() {
  const clock = new ManualClock();
  const rounds: PromiseWithResolvers<boolean>[] = [];
  const ask = () => {
    rounds.push(Promise.withResolvers());
    return rounds.at(-1)!.promise;
  };
  const answer = (goesOn = true) => {
    rounds.at(-1)!.resolve(goesOn);
    return settle();
  };
  return { clock, rounds, answer, poll: new Poll({ everyMs: 2_000, clock, ask }) };
}

Deno.test("the next round begins two seconds after the one before has ended, however long that took", async () => {
  const { clock, rounds, answer, poll } = stage();
  poll.seen(true);
  await clock.advance(60_000);
  assertEquals(rounds.length, 1);
  await answer();
  await clock.advance(1_999);
  assertEquals(rounds.length, 1);
  await clock.advance(1);
  assertEquals(rounds.length, 2);
});

Deno.test("a page that nobody sees asks nothing, and asks at once when it is seen again", async () => {
  const { clock, rounds, answer, poll } = stage();
  await clock.advance(10_000);
  assertEquals(rounds.length, 0);
  poll.seen(true);
  await answer();
  poll.seen(false);
  poll.now();
  await clock.advance(60_000);
  assertEquals(rounds.length, 1);
  poll.seen(true);
  assertEquals(rounds.length, 2);
  // Hidden while it asks: that round is the last.
  poll.seen(false);
  await answer();
  await clock.advance(60_000);
  assertEquals([rounds.length, clock.pending], [2, 0]);
});

Deno.test("what is wanted during a round follows it at once, and once", async () => {
  const { clock, rounds, answer, poll } = stage();
  poll.seen(true);
  poll.now();
  poll.now();
  assertEquals(rounds.length, 1);
  await answer();
  assertEquals(rounds.length, 2);
  await answer();
  assertEquals([rounds.length, clock.pending], [2, 1]);
});

Deno.test("a round that says it is of no use is the last", async () => {
  const { clock, rounds, answer, poll } = stage();
  poll.seen(true);
  poll.now();
  await answer(false);
  poll.seen(false);
  poll.seen(true);
  await clock.advance(60_000);
  assertEquals([rounds.length, clock.pending], [1, 0]);
});
