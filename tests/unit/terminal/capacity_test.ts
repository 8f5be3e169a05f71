import { assert, assertEquals } from "@std/assert";
import { Capacity, type Member } from "../../../lib/terminal/capacity.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

const KEY = Uint8Array.of(0x78), ENTER = Uint8Array.of(0x0d), INTERRUPT = Uint8Array.of(0x03);
const ROOM = 512 * 1024, TURN = 16 * 1024;
const STEP_MS = 10;
/** What a session takes in that is not paced. */
const unpaced = (ms: number) => (ms / STEP_MS + 1) * 64 * 1024;

/** Lets a session flood: it takes in all it may for so long, in pieces of 64 KiB at most. */
async function flood(members: Member[], clock: ManualClock, forMs: number): Promise<number[]> {
  const taken = members.map(() => 0);
  const over = new AbortController();
  const pumps = members.map(async (member, i) => {
    while (!over.signal.aborted) {
      const bytes = Math.min(await member.turn(ROOM), 64 * 1024);
      member.took(bytes);
      taken[i]! += bytes;
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.timer(STEP_MS, resolve);
      over.signal.addEventListener("abort", () => resolve());
      await promise;
    }
  });
  await clock.advance(forMs);
  over.abort();
  let phase: "ending" | "over" = "ending";
  const ended = Promise.all(pumps).then(() => phase = "over");
  // A turn that is waited for has to come.
  while (phase === "ending") await clock.advance(STEP_MS);
  await ended;
  return taken;
}

/** A key and its echo. */
async function echo(member: Member, clock: ManualClock, tookMs: number, key = KEY) {
  await clock.advance(100);
  member.typed(key);
  await clock.advance(tookMs);
  member.took(1);
}

Deno.test("a session that floods alone is never paced", async () => {
  const clock = new ManualClock();
  const member = new Capacity(clock).join();
  const [taken] = await flood([member], clock, 2_000);
  assertEquals(taken, unpaced(2_000));
});

Deno.test("a session is not paced for its first output, nor for a trickle", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, _other] = [capacity.join(), capacity.join()];
  for (let i = 0; i < 100; i++) {
    assertEquals(await member.turn(ROOM), ROOM);
    member.took(1_000);
    await clock.advance(10);
  }
});

Deno.test("while somebody sits before another session, floods capacity what is right for the machine", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [first, second, _typist] = [capacity.join(), capacity.join(), capacity.join()];
  await flood([first, second], clock, 1_000);
  const sinceMs = clock.now();
  const [a, b] = await flood([first, second], clock, 4_000);
  const total = capacity.bytesPerSecond * (clock.now() - sinceMs) / 1000;
  assert(Math.abs(a! + b! - total) < total * 0.1, `${a} + ${b} of ${total}`);
  assert(Math.abs(a! - b!) <= 2 * TURN, `${a} and ${b}`);
});

Deno.test("floods do not pace each other", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const members = [capacity.join(), capacity.join()];
  await flood(members, clock, 1_000);
  const [a, b] = await flood(members, clock, 1_000);
  assertEquals([a, b], [unpaced(1_000), unpaced(1_000)]);
});

Deno.test("who has not typed for a minute, or has left, paces nobody", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, idle, gone] = [capacity.join(), capacity.join(), capacity.join()];
  gone[Symbol.dispose]();
  await clock.advance(60_000);
  await flood([member], clock, 1_000);
  assertEquals(await flood([member], clock, 100), [unpaced(100)]);
  idle.typed(KEY);
  assert((await flood([member], clock, 100))[0]! < unpaced(100));
});

Deno.test("slow echoes pace floods down and quick ones up, within bounds", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, typist] = [capacity.join(), capacity.join()];
  await flood([member], clock, 1_000);
  const echoBeside = async (tookMs: number) => {
    const flooding = flood([member], clock, 0);
    await echo(typist, clock, tookMs);
    await flooding;
    await flood([member], clock, 50);
  };
  let before = capacity.bytesPerSecond;
  await echoBeside(50);
  assert(capacity.bytesPerSecond < before);
  for (let i = 0; i < 20; i++) await echoBeside(50);
  assertEquals(capacity.bytesPerSecond, 500_000);
  before = capacity.bytesPerSecond;
  await echoBeside(1);
  assert(capacity.bytesPerSecond > before);
});

Deno.test("keys that are not echoed, and echoes beside no flood, teach nothing", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, typist] = [capacity.join(), capacity.join()];
  const before = capacity.bytesPerSecond;
  await echo(typist, clock, 500);
  assertEquals(capacity.bytesPerSecond, before);
  await flood([member], clock, 1_000);
  await echo(typist, clock, 1_500);
  assertEquals(capacity.bytesPerSecond, before);
});

Deno.test("what Enter leads to teaches nothing, and a session teaches ten times a second at most", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, typist] = [capacity.join(), capacity.join()];
  await flood([member], clock, 1_000);
  const before = capacity.bytesPerSecond;
  await echo(typist, clock, 50, ENTER);
  assertEquals(capacity.bytesPerSecond, before);
  for (let i = 0; i < 5; i++) {
    typist.typed(KEY);
    await clock.advance(10);
    typist.took(1);
    await clock.advance(20);
  }
  assert(capacity.bytesPerSecond >= before * 0.7 * 0.7, `${capacity.bytesPerSecond} of ${before}`);
});

Deno.test("who has stopped flooding and types is not paced any more", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [stopped, member, _typist] = [capacity.join(), capacity.join(), capacity.join()];
  await flood([stopped, member], clock, 1_500);
  for (let i = 0; i < 30; i++) {
    const turn = stopped.turn(ROOM);
    await clock.advance(100);
    await turn;
    stopped.took(1);
    stopped.typed(KEY);
  }
  assertEquals([stopped.floods, stopped.isPresent], [false, true]);
});

Deno.test("an interrupt ends the wait for a turn, but not again and again", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, _typist] = [capacity.join(), capacity.join()];
  await flood([member], clock, 1_500);
  const waiting = async () => {
    while (true) {
      const turn = member.turn(ROOM);
      const first = await Promise.race([turn, settle()]);
      if (first === undefined) return { turn };
      member.took(TURN);
    }
  };
  const { turn } = await waiting();
  member.typed(INTERRUPT);
  assertEquals(await turn, ROOM);
  assertEquals(await member.turn(ROOM), ROOM);
  await clock.advance(1_000);
  await flood([member], clock, 1_000);
  const { turn: again } = await waiting();
  member.typed(INTERRUPT);
  assertEquals(await Promise.race([again, settle()]), undefined);
  await clock.advance(1_000);
  assertEquals(await again, TURN);
});

Deno.test("what a session takes in after it left waits for nobody", async () => {
  const clock = new ManualClock();
  const capacity = new Capacity(clock);
  const [member, _typist] = [capacity.join(), capacity.join()];
  await flood([member], clock, 1_500);
  member[Symbol.dispose]();
  for (let i = 0; i < 100; i++) {
    assertEquals(await member.turn(ROOM), ROOM);
    member.took(64 * 1024);
  }
  assertEquals(clock.pending, 0);
});
