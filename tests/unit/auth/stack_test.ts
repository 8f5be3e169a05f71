/** The stack: the same work and answer for every refusal, guesses counted one by one, real bcrypt. */
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { GroupsFile } from "../../../lib/auth/groups.ts";
import { Guard } from "../../../lib/auth/guard.ts";
import { Hasher, HasherStoppedError } from "../../../lib/auth/hasher.ts";
import type { Verifier } from "../../../lib/auth/hasher.ts";
import { bcryptCost } from "../../../lib/auth/htpasswd.ts";
import { HtpasswdFile, HtpasswdUnreadableError } from "../../../lib/auth/htpasswd_file.ts";
import { AuthStack, HELD_BACK } from "../../../lib/auth/stack.ts";
import type { AuthResult } from "../../../lib/auth/stack.ts";
import { WAITING } from "../../../lib/auth/turns.ts";
import { VERIFIED_MS } from "../../../lib/auth/verified.ts";
import { HandClock, HORSE, settle, TempDir } from "./support.ts";

const DENY = 3, UNLOCK_MS = 600_000, FAIL_DELAY_MS = 2000;
const HOME = "192.0.2.1", ELSEWHERE = "198.51.100.7";

/** Asserts that it was denied, whatever that locked. */
function assertDenied(result: AuthResult) {
  assertEquals(result.ok || result.reason, "denied");
}

/** Takes "right" for every hash, and writes down what it was asked. */
class FakeVerifier implements Verifier {
  readonly calls: { password: string; hash: string }[] = [];
  most = 0;
  #running = 0;
  right = "right";
  /** What each call waits for before it answers. */
  gate: Promise<void> = Promise.resolve();

  async verify(password: string, hash: string): Promise<boolean> {
    this.calls.push({ password, hash });
    this.most = Math.max(this.most, ++this.#running);
    try {
      await this.gate;
      return password === this.right;
    } finally {
      this.#running--;
    }
  }
}

function fixture(dir: TempDir, verifier: Verifier = new FakeVerifier()) {
  const clock = new HandClock();
  const path = dir.file("htpasswd", `alice:${HORSE}\nlocked:!${HORSE}\nbob:${HORSE}\n`);
  const groups = dir.file("groups", "admin: alice locked\n");
  const limits = { deny: DENY, unlockTimeMs: UNLOCK_MS };
  const guard = new Guard({ limits, unixTimeMs: () => clock.now() });
  const stack = new AuthStack({
    users: new HtpasswdFile(path, () => {}),
    groups: new GroupsFile(groups, () => {}),
    verifier,
    guard,
    failDelayMs: FAIL_DELAY_MS,
    clock,
  });
  const logIn = (name: string, password: string, source = HOME, signal?: AbortSignal) =>
    stack.authenticate({ name, password }, source, signal);
  /** An attempt whose delay, if any, is over as soon as it begins. */
  const attempt = async (name: string, password: string, source = HOME) => {
    const result = logIn(name, password, source);
    await settle();
    clock.advance(FAIL_DELAY_MS);
    return await result;
  };
  return { stack, guard, clock, path, logIn, attempt };
}

Deno.test("authenticate() says who it is and whether they may administer", async () => {
  using dir = new TempDir();
  const { logIn } = fixture(dir);
  assertEquals(await logIn("alice", "right"), {
    ok: true,
    principal: { name: "alice", admin: true },
  });
  assertEquals(await logIn("bob", "right"), {
    ok: true,
    principal: { name: "bob", admin: false },
  });
});

Deno.test("an unknown name, a wrong password and a locked account cost the same work and answer alike", async () => {
  using dir = new TempDir();
  for (const name of ["nobody", "alice", "locked", "", "no name\n", "x".repeat(10_000)]) {
    const verifier = new FakeVerifier();
    const { attempt } = fixture(dir, verifier);
    const password = name === "alice" ? "wrong" : "right";
    assertDenied(await attempt(name, password));
    assertEquals(verifier.calls.map(({ hash }) => bcryptCost(hash)), [4], "one hash, same cost");
    assertEquals(verifier.calls[0]!.password, password);
  }
});

Deno.test("knows() tells the log which names are somebody's, the locked ones too", async () => {
  using dir = new TempDir();
  const { stack, path } = fixture(dir);
  const known = () => ["alice", "locked", "nobody", ""].map((name) => stack.knows(name));
  assertEquals(known(), [true, true, false, false]);
  await Deno.remove(path);
  assertEquals(known(), [false, false, false, false]);
});

Deno.test("a refusal comes no earlier than failDelayMs after the attempt began, success at once", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn, clock } = fixture(dir, verifier);
  for (const name of ["alice", "nobody", "locked"]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    verifier.gate = promise;
    let phase: "waiting" | "answered" = "waiting";
    const result = logIn(name, "wrong").finally(() => phase = "answered");
    await settle();
    // The time that hashing takes is inside the delay, not on top of it.
    clock.advance(500);
    resolve();
    await settle();
    clock.advance(FAIL_DELAY_MS - 500 - 1);
    await settle();
    assertEquals(phase as string, "waiting");
    clock.advance(1);
    assertDenied(await result);
  }
  assertEquals((await logIn("alice", "right")).ok, true);
  assertEquals(clock.armed, 0);
});

Deno.test("deny failures lock a name, known or not, whatever the password then is", async () => {
  using dir = new TempDir();
  for (const name of ["alice", "nobody", "locked", "not a name"]) {
    const verifier = new FakeVerifier();
    const { logIn, clock, attempt } = fixture(dir, verifier);
    for (let failure = 0; failure < DENY; failure++) {
      assertDenied(await attempt(name, "wrong"));
    }
    assertEquals(await logIn(name, "right"), {
      ok: false,
      reason: "locked",
      retryAfterMs: UNLOCK_MS - FAIL_DELAY_MS,
    });
    assertEquals(verifier.calls.length, DENY);
    assertEquals((await logIn("bob", "right")).ok, true);
    clock.advance(UNLOCK_MS);
    assertEquals((await attempt(name, "right")).ok, name === "alice");
  }
});

Deno.test("success forgets the failures before it", async () => {
  using dir = new TempDir();
  const { attempt } = fixture(dir);
  for (let round = 0; round < 3; round++) {
    for (let failure = 1; failure < DENY; failure++) await attempt("alice", "wrong");
    assertEquals((await attempt("alice", "right")).ok, true);
  }
});

Deno.test("guesses side by side are checked one by one, and none beyond deny is checked", async () => {
  using dir = new TempDir();
  for (const name of ["alice", "nobody"]) {
    const verifier = new FakeVerifier();
    const { logIn, clock } = fixture(dir, verifier);
    const guesses = Array.from({ length: 50 }, () => logIn(name, "wrong"));
    await settle();
    clock.advance(FAIL_DELAY_MS);
    const reasons = (await Promise.all(guesses)).map((result) => result.ok || result.reason);
    assertEquals(verifier.calls.length, DENY);
    assertEquals(verifier.most, 1);
    assertEquals(reasons.filter((reason) => reason === "denied").length, DENY);
    assertEquals(reasons.filter((reason) => reason === "locked").length, 50 - DENY);
  }
});

Deno.test("right passwords side by side all succeed, as many as may wait", async () => {
  using dir = new TempDir();
  const { logIn } = fixture(dir);
  const attempts = Array.from({ length: WAITING + 2 }, () => logIn("alice", "right"));
  const results = await Promise.all(attempts);
  assert(results.slice(0, WAITING + 1).every(({ ok }) => ok));
  assertEquals(results.at(-1), { ok: false, reason: "busy", retryAfterMs: 2000 });
  assertEquals((await logIn("alice", "right")).ok, true);
});

Deno.test("however many wait from one address, another's turn is next, and a known one's before", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn, clock } = fixture(dir, verifier);
  await logIn("bob", "right");
  clock.advance(VERIFIED_MS);
  const { promise, resolve } = Promise.withResolvers<void>();
  verifier.gate = promise;
  verifier.calls.length = 0;
  const flood = Array.from({ length: 100 }, (_, i) => logIn(`n${i}`, `${i}`, ELSEWHERE));
  await settle();
  const alice = logIn("alice", "right", "203.0.113.5");
  const bob = logIn("bob", "right");
  resolve();
  assertEquals([(await alice).ok, (await bob).ok], [true, true]);
  const order = verifier.calls.map(({ password }) => password);
  assertEquals(order.slice(0, 2), ["0", "right"]);
  assert(order.indexOf("right", 2) <= 3, `${order}`);
  clock.advance(FAIL_DELAY_MS);
  await settle();
  clock.advance(FAIL_DELAY_MS);
  const reasons = (await Promise.all(flood)).map((result) => result.ok || result.reason);
  assert(reasons.includes("busy") && reasons.includes("slowed"), "busy is not failed");
});

Deno.test("an attempt that nobody waits for any more is withdrawn, and does not count", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn } = fixture(dir, verifier);
  const { promise, resolve } = Promise.withResolvers<void>();
  verifier.gate = promise;
  const first = logIn("alice", "right");
  await settle();
  const gone = new AbortController();
  const left = Array.from({ length: DENY }, () => logIn("bob", "wrong", HOME, gone.signal));
  gone.abort(new Error("hung up"));
  for (const attempt of left) await assertRejects(() => attempt, Error, "hung up");
  resolve();
  assertEquals((await first).ok, true);
  assertEquals(verifier.calls.length, 1);
  assertEquals((await logIn("bob", "right")).ok, true);
});

Deno.test("failures from one address lock nobody out anywhere else", async () => {
  using dir = new TempDir();
  const { logIn, attempt } = fixture(dir);
  for (let failure = 0; failure < DENY; failure++) await attempt("alice", "wrong", ELSEWHERE);
  const there = await logIn("alice", "right", ELSEWHERE);
  assertEquals(there.ok || there.reason, "locked");
  assertEquals((await logIn("alice", "right")).ok, true);
});

Deno.test("failures from many addresses lock a name, known or not, but not where its user was", async () => {
  using dir = new TempDir();
  for (const name of ["alice", "nobody"]) {
    const { logIn, attempt, guard, clock } = fixture(dir);
    await logIn("alice", "right");
    for (let failure = 0; failure < 10 * DENY; failure++) {
      assertDenied(await attempt(name, "wrong", `198.51.100.${failure}`));
    }
    const fresh = await logIn(name, "right", "203.0.113.5");
    assertEquals(fresh.ok || fresh.reason, "locked");
    assertEquals((await logIn("alice", "right")).ok, true);
    if (name === "alice") {
      assertEquals(guard.locks().map(({ name, source }) => [name, source]), [["alice", null]]);
      assert(guard.forgive("alice"));
      assertEquals((await logIn("alice", "right", "203.0.113.5")).ok, true);
    } else assertEquals(guard.locks(), [], "a name that no user has is nowhere told");
    clock.advance(UNLOCK_MS);
  }
});

Deno.test("an address that fails with many names goes on slowly, but for those at home there", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn, attempt, clock } = fixture(dir, verifier);
  await logIn("bob", "right");
  let denied = 0;
  let last: AuthResult;
  while (!(last = await attempt(`name${denied}`, "wrong")).ok && last.reason === "denied") denied++;
  assert(denied <= 40, `${denied} names`);
  assertEquals(last.ok || last.reason, "slowed");
  const checked = verifier.calls.length;
  for (let more = 0; more < 1000; more++) await logIn(`more${more}`, "wrong");
  assertEquals(verifier.calls.length, checked, "and costs nothing more");
  assertEquals((await logIn("bob", "right")).ok, true);
  assertEquals((await logIn("alice", "right", ELSEWHERE)).ok, true);
  clock.advance(60_000);
  assertDenied(await attempt("another", "wrong"));
  assertEquals((await logIn("alice", "right")).ok, true);
});

Deno.test("a password that was right a moment ago is not hashed again, until it changes or the user is locked", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn, attempt, clock, path } = fixture(dir, verifier);
  for (let time = 0; time < 5; time++) assertEquals((await logIn("alice", "right")).ok, true);
  assertEquals(verifier.calls.length, 1);
  assertDenied(await attempt("alice", "wrong"));
  assertEquals(verifier.calls.length, 2);
  clock.advance(VERIFIED_MS);
  await logIn("alice", "right");
  assertEquals(verifier.calls.length, 3);
  for (const line of [`alice:!${HORSE}\n`, `bob:${HORSE}\n`]) {
    Deno.writeTextFileSync(path, line);
    assertDenied(await attempt("alice", "right"));
  }
  Deno.writeTextFileSync(path, `alice:${HORSE.replace("$2y$04$q", "$2y$04$r")}\n`);
  await logIn("alice", "right");
  assertEquals(verifier.calls.length, 6);
});

Deno.test("a password in another spelling is the same one, and is not hashed again either", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  verifier.right = "right café";
  const { logIn } = fixture(dir, verifier);
  for (const spelt of ["right café", "right\u00a0cafe\u0301", "right\u2003café"]) {
    assertEquals((await logIn("alice", spelt)).ok, true);
  }
  assertEquals(verifier.calls.length, 1);
});

Deno.test("where a password is locked out, having been right a moment ago does not help", async () => {
  using dir = new TempDir();
  const { logIn, attempt } = fixture(dir);
  await logIn("alice", "right");
  for (let failure = 0; failure < DENY; failure++) await attempt("alice", "wrong");
  const result = await logIn("alice", "right");
  assertEquals(result.ok || result.reason, "locked");
});

Deno.test("a password is tried composed, and as typed only where that differs", async () => {
  using dir = new TempDir();
  for (
    const [typed, tried] of [["cafe\u0301", ["café", "cafe\u0301"]], ["café", ["café"]]] as const
  ) {
    const verifier = new FakeVerifier();
    const { attempt } = fixture(dir, verifier);
    assertDenied(await attempt("alice", typed));
    assertEquals(verifier.calls.map(({ password }) => password), [...tried]);
  }
});

Deno.test("no more than HELD_BACK refusals are held back, whoever fails", async () => {
  using dir = new TempDir();
  const { logIn, clock } = fixture(dir);
  let answered = 0;
  const many = HELD_BACK + 50;
  const attempts = Array.from(
    { length: many },
    async (_, i) => {
      for (let turn = 0; turn < i; turn++) await settle();
      await logIn(`n${i}`, "wrong", `10.0.${i >> 8}.${i & 255}`).then(() => answered++);
    },
  );
  for (let turn = 0; turn < 2 * many; turn++) await settle();
  assertEquals(clock.armed, HELD_BACK);
  clock.advance(FAIL_DELAY_MS);
  await Promise.all(attempts);
  assertEquals([answered, clock.armed], [many, 0]);
});

Deno.test("an attempt that is given up while it is checked counts as a failure", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn } = fixture(dir, verifier);
  for (let count = 0; count < DENY; count++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    verifier.gate = promise;
    const gone = new AbortController();
    const attempt = logIn("alice", "wrong", HOME, gone.signal);
    await settle();
    gone.abort(new Error("hung up"));
    resolve();
    await assertRejects(() => attempt, Error, "hung up");
  }
  const result = await logIn("alice", "right");
  assertEquals(!result.ok && result.reason, "locked");
});

Deno.test("giving up during the delay ends it and leaves no timer", async () => {
  using dir = new TempDir();
  const { logIn, clock } = fixture(dir);
  const gone = new AbortController();
  const attempt = logIn("alice", "wrong", HOME, gone.signal);
  await settle();
  assertEquals(clock.armed, 1);
  gone.abort(new Error("hung up"));
  await assertRejects(() => attempt, Error, "hung up");
  assertEquals(clock.armed, 0);
});

Deno.test("those who hang up while they are checked leave one check at a time on the thread", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { logIn } = fixture(dir, verifier);
  const { promise, resolve } = Promise.withResolvers<void>();
  verifier.gate = promise;
  const attempts: Promise<AuthResult>[] = [];
  for (let count = 0; count < 5; count++) {
    const gone = new AbortController();
    attempts.push(logIn("bob", "right", `192.0.2.${count}`, gone.signal));
    await settle();
    gone.abort(new Error("hung up"));
  }
  const stays = logIn("alice", "right");
  resolve();
  for (const attempt of attempts) await assertRejects(() => attempt, Error, "hung up");
  assertEquals((await stays).ok, true);
  assertEquals([verifier.most, verifier.calls.length], [1, 2]);
});

Deno.test("without its file or its hasher the stack is unavailable, says why and counts nothing", async () => {
  using dir = new TempDir();
  const error = new HasherStoppedError("the thread died");
  const stopped = fixture(dir, { verify: () => Promise.reject(error) });
  for (let count = 0; count <= DENY; count++) {
    assertEquals(await stopped.logIn("alice", "right"), {
      ok: false,
      reason: "unavailable",
      message: error.message,
    });
  }
  const { stack, logIn, path } = fixture(dir);
  Deno.removeSync(path);
  assertEquals(await logIn("alice", "right"), {
    ok: false,
    reason: "unavailable",
    message: `Cannot read ${path}: it does not exist; make it with 'ttygate user add NAME'`,
  });
  assertThrows(() => stack.principalOf("alice"), HtpasswdUnreadableError);
  assertThrows(() => stack.credentialOf("alice"), HtpasswdUnreadableError);
});

Deno.test("principalOf() and credentialOf() know only users that may log in", () => {
  using dir = new TempDir();
  const { stack } = fixture(dir);
  assertEquals(stack.principalOf("alice"), { name: "alice", admin: true });
  for (const name of ["locked", "nobody"]) {
    assertEquals(stack.principalOf(name), null);
    assertEquals(stack.credentialOf(name), null);
  }
});

Deno.test("credentialOf() changes with the password and with nothing else in the file", () => {
  using dir = new TempDir();
  const { stack, path } = fixture(dir);
  const before = stack.credentialOf("alice");
  assert(/^[0-9a-f]{64}$/.test(before!));
  assertNotEquals(stack.credentialOf("bob"), before);
  Deno.writeTextFileSync(path, `# moved\ncarol:${HORSE}\nalice:${HORSE}\n`);
  assertEquals(stack.credentialOf("alice"), before);
  Deno.writeTextFileSync(path, `alice:${HORSE.replace("$2y$04$q", "$2y$04$r")}\n`);
  assertNotEquals(stack.credentialOf("alice"), before);
});

Deno.test("with real bcrypt, the right password is let in and others are not", async () => {
  using dir = new TempDir();
  using hasher = new Hasher();
  const { logIn, clock } = fixture(dir, hasher);
  assertEquals((await logIn("alice", "correct horse")).ok, true);
  const denied: Promise<AuthResult>[] = [];
  for (const password of ["correct horsf", "", "x".repeat(73)]) {
    denied.push(logIn("bob", password));
  }
  for (const name of ["locked", "nobody"]) denied.push(logIn(name, "correct horse"));
  const deadline = Date.now() + 30_000;
  while (clock.armed < denied.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clock.advance(FAIL_DELAY_MS);
  for (const result of await Promise.all(denied)) assertDenied(result);
});

Deno.test("a password that is changed while it is being checked is denied", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const gate = Promise.withResolvers<void>();
  verifier.gate = gate.promise;
  const { path, attempt } = fixture(dir, verifier);
  const result = attempt("alice", "right");
  await settle();
  Deno.writeTextFileSync(path, `alice:${HORSE.slice(0, -1)}b\n`);
  gate.resolve();
  assertDenied(await result);
});
