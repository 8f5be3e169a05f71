/** Failures counted by name: when they lock, when they are forgotten, how many are remembered. */
import { assertEquals } from "@std/assert";
import { Faillock, TRACKED_NAMES } from "../../lib/auth/faillock.ts";

const LIMITS = { deny: 3, unlockTimeMs: 600 };

Deno.test("check() locks a name at its deny-th failure and says for how long", () => {
  const faillock = new Faillock(LIMITS);
  faillock.fail("alice", 0);
  faillock.fail("alice", 10);
  assertEquals(faillock.check("alice", 10), { locked: false });
  faillock.fail("alice", 20);
  assertEquals(faillock.check("alice", 20), { locked: true, retryAfterMs: 600 });
  assertEquals(faillock.check("alice", 619), { locked: true, retryAfterMs: 1 });
  assertEquals(faillock.check("alice", 620), { locked: false });
  assertEquals(faillock.check("bob", 20), { locked: false });
});

Deno.test("after a lock the count starts anew", () => {
  const faillock = new Faillock(LIMITS);
  for (let count = 0; count < 3; count++) faillock.fail("alice", 0);
  faillock.fail("alice", 600);
  faillock.fail("alice", 600);
  assertEquals(faillock.check("alice", 600), { locked: false });
  faillock.fail("alice", 600);
  assertEquals(faillock.check("alice", 600), { locked: true, retryAfterMs: 600 });
});

Deno.test("succeed() forgets the failures of that name only", () => {
  const faillock = new Faillock(LIMITS);
  for (const name of ["alice", "bob", "alice", "bob"]) faillock.fail(name, 0);
  faillock.succeed("alice");
  faillock.fail("alice", 0);
  faillock.fail("bob", 0);
  assertEquals(faillock.check("alice", 0).locked, false);
  assertEquals(faillock.check("bob", 0).locked, true);
});

Deno.test("failures are forgotten when none follows for unlockTimeMs", () => {
  const faillock = new Faillock(LIMITS);
  faillock.fail("alice", 0);
  faillock.fail("alice", 599);
  faillock.fail("alice", 1199);
  assertEquals(faillock.check("alice", 1199), { locked: false });
});

Deno.test("TRACKED_NAMES bounds the memory: the name that failed longest ago is forgotten", () => {
  const faillock = new Faillock({ deny: 2, unlockTimeMs: 600 });
  faillock.fail("first", 0);
  faillock.fail("second", 0);
  for (let index = 0; index < TRACKED_NAMES - 2; index++) faillock.fail(`other${index}`, 0);
  faillock.fail("first", 0);
  faillock.fail("one more", 0);
  assertEquals(faillock.check("first", 0).locked, true);
  faillock.fail("second", 0);
  assertEquals(faillock.check("second", 0).locked, false);
});

Deno.test("remembers() is true while a failure may still count", () => {
  const faillock = new Faillock({ deny: 2, unlockTimeMs: 600 });
  assertEquals(faillock.remembers(0), false);
  faillock.fail("alice", 100);
  assertEquals([faillock.remembers(699), faillock.remembers(700)], [true, false]);
  faillock.fail("alice", 1000);
  faillock.succeed("alice");
  assertEquals(faillock.remembers(1000), false);
});

Deno.test("limits that change hold for the failures before, too", () => {
  const limits = { deny: 3, unlockTimeMs: 600 };
  const faillock = new Faillock(limits);
  for (const now of [0, 1]) faillock.fail("alice", now);
  assertEquals(faillock.check("alice", 2).locked, false);
  limits.deny = 2;
  assertEquals(faillock.check("alice", 2), { locked: true, retryAfterMs: 599 });
});
