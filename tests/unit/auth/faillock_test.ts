/** Failures counted by pair, name and address: when they lock, when they are forgotten, how many are kept. */
import { assert, assertEquals } from "@std/assert";
import { Faillock, PAIR_MEMORY_MS, TRACKED } from "../../../lib/auth/faillock.ts";

const LIMITS = { deny: 3, unlockTimeMs: 600 };
const alice = { name: "alice", source: "192.0.2.1" };
const elsewhere = { name: "alice", source: "198.51.100.7" };
const bob = { name: "bob", source: "192.0.2.1" };

function locked(faillock: Faillock, who: typeof alice, nowMs: number, isKnown = false) {
  const state = faillock.check(who, isKnown, nowMs);
  return state.locked ? [state.kind, state.retryAfterMs] : null;
}

Deno.test("the deny-th failure locks a name for its address, and check() says for how long", () => {
  const faillock = new Faillock(LIMITS);
  assertEquals(faillock.fail(alice, false, 0), null);
  assertEquals(faillock.fail(alice, false, 10), null);
  assertEquals(locked(faillock, alice, 10), null);
  assertEquals(faillock.fail(alice, false, 20), "pair");
  assertEquals(locked(faillock, alice, 20), ["pair", 600]);
  assertEquals(locked(faillock, alice, 20, true), ["pair", 600], "at home, too");
  assertEquals(locked(faillock, alice, 619), ["pair", 1]);
  assertEquals(locked(faillock, alice, 620), null);
  for (const who of [elsewhere, bob]) assertEquals(locked(faillock, who, 20), null);
});

Deno.test("after a lock each further failure locks the pair again, until a day has gone by", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 3; count++) faillock.fail(alice, true, 0);
  assertEquals(locked(faillock, alice, 600), null);
  faillock.fail(alice, true, 600);
  assertEquals(locked(faillock, alice, 600), ["pair", 600]);
  faillock.fail(alice, true, 600 + PAIR_MEMORY_MS);
  assertEquals(locked(faillock, alice, 600 + PAIR_MEMORY_MS), null);
});

Deno.test("succeed() forgets the failures of that pair only, forget() all of a name", () => {
  const faillock = new Faillock(LIMITS);
  for (const who of [alice, elsewhere, bob]) {
    for (let count = 0; count < 3; count++) faillock.fail(who, false, 0);
  }
  assertEquals(faillock.succeed(alice), true);
  assertEquals(faillock.succeed(alice), false);
  assertEquals(locked(faillock, alice, 0), null);
  assertEquals(locked(faillock, elsewhere, 0), ["pair", 600]);
  assertEquals([faillock.forget("alice"), faillock.forget("alice")], [true, false]);
  assertEquals(locked(faillock, elsewhere, 0), null);
  assertEquals(locked(faillock, bob, 0), ["pair", 600]);
});

Deno.test("failures from many addresses lock the name, but not for those who are known", () => {
  const faillock = new Faillock(LIMITS);
  const from = (count: number) => ({ name: "alice", source: `10.0.0.${count}` });
  for (let count = 1; count < 30; count++) assertEquals(faillock.fail(from(count), false, 0), null);
  assertEquals(faillock.fail(from(30), false, 0), "name");
  assertEquals(locked(faillock, from(31), 599), ["name", 1]);
  assertEquals(locked(faillock, from(31), 599, true), null);
  assertEquals(locked(faillock, from(31), 600), null);
  // It begins again, or one failure now and then would shut out a user who is nowhere known.
  faillock.fail(from(32), false, 600);
  assertEquals(locked(faillock, from(33), 600), null);
});

Deno.test("failures of those who are known count for the pair alone", () => {
  const faillock = new Faillock({ deny: 1000, unlockTimeMs: 600 });
  for (let count = 0; count < 999; count++) faillock.fail(alice, true, 0);
  const { pairs, names, sources } = faillock.record(0);
  assertEquals([pairs.length, names, sources], [1, [], []]);
});

Deno.test("an address may fail 30 times with whatever names, and then once every 20 s", () => {
  const faillock = new Faillock(LIMITS);
  const next = (count: number) => ({ name: `n${count}`, source: "192.0.2.1" });
  for (let count = 0; count < 30; count++) {
    assertEquals(locked(faillock, next(count), 0), null);
    assertEquals(faillock.fail(next(count), false, 0), count === 29 ? "source" : null);
  }
  assertEquals(locked(faillock, next(30), 0), ["source", 20_000]);
  assertEquals(locked(faillock, next(30), 0, true), null);
  assertEquals(locked(faillock, { name: "n30", source: "192.0.2.2" }, 0), null);
  assertEquals(locked(faillock, next(30), 19_999), ["source", 1]);
  assertEquals(locked(faillock, next(30), 20_000), null);
  faillock.fail(next(30), false, 20_000);
  assertEquals(locked(faillock, next(31), 20_000), ["source", 20_000]);
  assertEquals(locked(faillock, next(31), 20_000 + 30 * 20_000), null);
});

Deno.test("TRACKED bounds each memory: what failed longest ago is forgotten", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 3; count++) faillock.fail(alice, false, 0);
  for (let index = 0; index < TRACKED + 10; index++) {
    faillock.fail({ name: `n${index}`, source: `s${index}` }, false, 0);
  }
  assertEquals(locked(faillock, alice, 0), null);
  const { pairs, names, sources } = faillock.record(0);
  assertEquals([pairs.length, names.length, sources.length], [TRACKED, TRACKED, TRACKED]);
});

Deno.test("locks() tells the names that are locked, from where and until when", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 4; count++) faillock.fail(alice, false, 100);
  faillock.fail(bob, false, 100);
  assertEquals(faillock.locks(100), [
    { name: "alice", source: "192.0.2.1", failures: 4, untilMs: 700 },
  ]);
  assertEquals(faillock.locks(700), []);
});

Deno.test("record() and restore() carry it over a restart, without what counts no more", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 3; count++) faillock.fail(alice, false, 100);
  const next = new Faillock(LIMITS);
  next.restore(faillock.record(200), 200);
  assertEquals(locked(next, alice, 200), ["pair", 500]);
  assertEquals(next.record(200), faillock.record(200));
  const late = 100 + PAIR_MEMORY_MS;
  assertEquals(faillock.record(late), { pairs: [], names: [], sources: [] });
});

Deno.test("a clock that was set back makes no lock longer", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 3; count++) faillock.fail(alice, false, 1_000_000);
  assertEquals(locked(faillock, alice, 0), ["pair", 600]);
  const next = new Faillock(LIMITS);
  next.restore(faillock.record(0), 0);
  assertEquals(locked(next, alice, 600), null);
});

Deno.test("limits that change hold for the failures before, too", () => {
  const limits = { deny: 3, unlockTimeMs: 600 };
  const faillock = new Faillock(limits);
  for (const now of [0, 1]) faillock.fail(alice, false, now);
  assertEquals(locked(faillock, alice, 2), null);
  limits.deny = 2;
  assertEquals(locked(faillock, alice, 2), ["pair", 599]);
  limits.deny = 100;
  assert(faillock.check(alice, false, 2).locked === false);
});
