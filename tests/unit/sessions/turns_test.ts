import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "../../../lib/sessions/turns.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

const never = new AbortController().signal;

/** Turns among others, or alone, and who has had one. */
function begin(othersAreThere: boolean) {
  const clock = new ManualClock();
  const stage = { othersAreThere, begun: [] as string[] };
  const turns = new Turns(clock, () => stage.othersAreThere);
  const ask = (user: string, times: number, signal = never) => {
    for (let i = 0; i < times; i++) {
      turns.begin(user, signal).then(() => stage.begun.push(user));
    }
    return settle();
  };
  return { clock, turns, stage, ask };
}

Deno.test("beside others three sessions begin at once, and one more each second", async () => {
  const { clock, stage, ask } = begin(true);
  await ask("alice", 6);
  assertEquals(stage.begun.length, 3);
  await clock.advance(999);
  assertEquals(stage.begun.length, 3);
  await clock.advance(1);
  assertEquals(stage.begun.length, 4);
  await clock.advance(2000);
  assertEquals(stage.begun.length, 6);
  await clock.advance(3000);
  await ask("alice", 4);
  assertEquals(stage.begun.length, 9);
});

Deno.test("who waits holds up nobody else", async () => {
  const { stage, ask } = begin(true);
  await ask("alice", 40);
  await ask("bob", 1);
  assertEquals(stage.begun.filter((user) => user === "bob"), ["bob"]);
});

Deno.test("whoever is alone never waits, and owes nothing when others come", async () => {
  const { clock, stage, ask } = begin(false);
  await ask("alice", 100);
  assertEquals(stage.begun.length, 100);
  stage.othersAreThere = true;
  await ask("alice", 1);
  assertEquals(stage.begun.length, 100);
  await clock.advance(1000);
  assertEquals(stage.begun.length, 101);
});

Deno.test("who begins a second session within 1.2 s leaves ready shells to others", async () => {
  const { clock, turns, stage, ask } = begin(true);
  await ask("alice", 1);
  assertEquals(turns.leavesReady("alice"), false);
  await clock.advance(1199);
  await ask("alice", 1);
  assertEquals([turns.leavesReady("alice"), turns.leavesReady("bob")], [true, false]);
  stage.othersAreThere = false;
  assertEquals(turns.leavesReady("alice"), false);
  stage.othersAreThere = true;
  await clock.advance(1200);
  await ask("alice", 1);
  assertEquals(turns.leavesReady("alice"), false);
});

Deno.test("one container is made for a user at a time beside others, and four otherwise", async () => {
  for (const [othersAreThere, most] of [[true, 1], [false, 4]] as const) {
    const { turns } = begin(othersAreThere);
    const made: Disposable[] = [];
    for (let i = 0; i < 6; i++) turns.make("alice", never).then((one) => made.push(one));
    await settle();
    assertEquals(made.length, most);
    made[0]![Symbol.dispose]();
    await settle();
    assertEquals(made.length, most + 1);
    await turns.make("bob", never);
  }
});

Deno.test("who does not want to wait any more is let go", async () => {
  const { clock, turns, stage, ask } = begin(true);
  const left = new AbortController();
  using _one = await turns.make("alice", never);
  const waiting = assertRejects(() => turns.make("alice", left.signal), Error, "left");
  await ask("alice", 9, left.signal);
  left.abort(new Error("left"));
  await waiting;
  await settle();
  assertEquals(clock.pending, 0);
  const before = stage.begun.length;
  await clock.advance(1000);
  await ask("alice", 1);
  assertEquals(stage.begun.length, before + 1);
});
