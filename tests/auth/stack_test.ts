/** The stack: the same work and answer for every refusal, guesses counted one by one, real bcrypt. */
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Faillock } from "../../lib/auth/faillock.ts";
import { GroupsFile } from "../../lib/auth/groups.ts";
import { Hasher, HasherBusyError, HasherStoppedError } from "../../lib/auth/hasher.ts";
import type { Verifier } from "../../lib/auth/hasher.ts";
import { bcryptCost } from "../../lib/auth/htpasswd.ts";
import { HtpasswdFile, HtpasswdUnreadableError } from "../../lib/auth/htpasswd_file.ts";
import { ATTEMPTS_PER_NAME, AuthStack } from "../../lib/auth/stack.ts";
import type { AuthResult } from "../../lib/auth/stack.ts";
import { HandClock, HORSE, settle, TempDir } from "./support.ts";

const DENY = 3, UNLOCK_MS = 600_000, FAIL_DELAY_MS = 2000;
const DENIED: AuthResult = { ok: false, reason: "denied" };

/** Takes "right" for every hash, and writes down what it was asked. */
class FakeVerifier implements Verifier {
  readonly calls: { password: string; hash: string }[] = [];
  most = 0;
  #running = 0;
  /** What each call waits for before it answers. */
  gate: Promise<void> = Promise.resolve();

  async verify(password: string, hash: string, signal?: AbortSignal): Promise<boolean> {
    this.calls.push({ password, hash });
    this.most = Math.max(this.most, ++this.#running);
    try {
      await this.gate;
      signal?.throwIfAborted();
      return password === "right";
    } finally {
      this.#running--;
    }
  }
}

function fixture(dir: TempDir, verifier: Verifier = new FakeVerifier()) {
  const clock = new HandClock();
  const path = dir.file("htpasswd", `alice:${HORSE}\nlocked:!${HORSE}\nbob:${HORSE}\n`);
  const groups = dir.file("groups", "admin: alice locked\n");
  const stack = new AuthStack({
    users: new HtpasswdFile(path, () => {}),
    groups: new GroupsFile(groups, () => {}),
    verifier,
    faillock: new Faillock({ deny: DENY, unlockTimeMs: UNLOCK_MS }),
    failDelayMs: FAIL_DELAY_MS,
    clock,
  });
  /** An attempt whose delay, if any, is over as soon as it begins. */
  const attempt = async (name: string, password: string) => {
    const result = stack.authenticate(name, password);
    await settle();
    clock.advance(FAIL_DELAY_MS);
    return await result;
  };
  return { stack, clock, path, attempt };
}

Deno.test("authenticate() says who it is and whether they may administer", async () => {
  using dir = new TempDir();
  const { stack } = fixture(dir);
  assertEquals(await stack.authenticate("alice", "right"), {
    ok: true,
    principal: { name: "alice", admin: true },
  });
  assertEquals(await stack.authenticate("bob", "right"), {
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
    assertEquals(await attempt(name, password), DENIED);
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
  const { stack, clock } = fixture(dir, verifier);
  for (const name of ["alice", "nobody", "locked"]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    verifier.gate = promise;
    let phase: "waiting" | "answered" = "waiting";
    const result = stack.authenticate(name, "wrong").finally(() => phase = "answered");
    await settle();
    // The time that hashing takes is inside the delay, not on top of it.
    clock.advance(500);
    resolve();
    await settle();
    clock.advance(FAIL_DELAY_MS - 500 - 1);
    await settle();
    assertEquals(phase as string, "waiting");
    clock.advance(1);
    assertEquals(await result, DENIED);
  }
  assertEquals((await stack.authenticate("alice", "right")).ok, true);
  assertEquals(clock.armed, 0);
});

Deno.test("deny failures lock a name, known or not, whatever the password then is", async () => {
  using dir = new TempDir();
  for (const name of ["alice", "nobody", "locked", "not a name"]) {
    const verifier = new FakeVerifier();
    const { stack, clock, attempt } = fixture(dir, verifier);
    for (let failure = 0; failure < DENY; failure++) {
      assertEquals(await attempt(name, "wrong"), DENIED);
    }
    assertEquals(await stack.authenticate(name, "right"), {
      ok: false,
      reason: "locked",
      retryAfterMs: UNLOCK_MS - FAIL_DELAY_MS,
    });
    assertEquals(verifier.calls.length, DENY);
    assertEquals((await stack.authenticate("bob", "right")).ok, true);
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
    const { stack, clock } = fixture(dir, verifier);
    const guesses = Array.from({ length: 50 }, () => stack.authenticate(name, "wrong"));
    await settle();
    clock.advance(FAIL_DELAY_MS);
    const reasons = (await Promise.all(guesses)).map((result) => result.ok || result.reason);
    assertEquals(verifier.calls.length, DENY);
    assertEquals(verifier.most, 1);
    assertEquals(reasons.filter((reason) => reason === "denied").length, DENY);
    assertEquals(reasons.filter((reason) => reason === "locked").length, 50 - DENY);
  }
});

Deno.test("right passwords side by side all succeed, up to ATTEMPTS_PER_NAME of them", async () => {
  using dir = new TempDir();
  const { stack } = fixture(dir);
  const attempts = Array.from(
    { length: ATTEMPTS_PER_NAME + 1 },
    () => stack.authenticate("alice", "right"),
  );
  const results = await Promise.all(attempts);
  assert(results.slice(0, ATTEMPTS_PER_NAME).every(({ ok }) => ok));
  assertEquals(results.at(-1), { ok: false, reason: "locked", retryAfterMs: 1000 });
  assertEquals((await stack.authenticate("alice", "right")).ok, true);
});

Deno.test("one name's attempts do not wait for another's", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { stack } = fixture(dir, verifier);
  verifier.gate = promise;
  const alice = stack.authenticate("alice", "right");
  await settle();
  verifier.gate = Promise.resolve();
  assertEquals((await stack.authenticate("bob", "right")).ok, true);
  resolve();
  assertEquals((await alice).ok, true);
});

Deno.test("an attempt that is given up while it is checked counts as a failure", async () => {
  using dir = new TempDir();
  const verifier = new FakeVerifier();
  const { stack } = fixture(dir, verifier);
  for (let count = 0; count < DENY; count++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    verifier.gate = promise;
    const gone = new AbortController();
    const attempt = stack.authenticate("alice", "wrong", gone.signal);
    await settle();
    gone.abort(new Error("hung up"));
    resolve();
    await assertRejects(() => attempt, Error, "hung up");
  }
  const result = await stack.authenticate("alice", "right");
  assertEquals(!result.ok && result.reason, "locked");
});

Deno.test("giving up during the delay ends it and leaves no timer", async () => {
  using dir = new TempDir();
  const { stack, clock } = fixture(dir);
  const gone = new AbortController();
  const attempt = stack.authenticate("alice", "wrong", gone.signal);
  await settle();
  assertEquals(clock.armed, 1);
  gone.abort(new Error("hung up"));
  await assertRejects(() => attempt, Error, "hung up");
  assertEquals(clock.armed, 0);
});

Deno.test("while the hasher is busy an attempt is told to come back, and does not count", async () => {
  using dir = new TempDir();
  const { stack } = fixture(dir, { verify: () => Promise.reject(new HasherBusyError()) });
  for (let count = 0; count <= DENY; count++) {
    assertEquals(await stack.authenticate("alice", "right"), {
      ok: false,
      reason: "locked",
      retryAfterMs: 1000,
    });
  }
});

Deno.test("without its file or its hasher the stack is unavailable, says why and counts nothing", async () => {
  using dir = new TempDir();
  const error = new HasherStoppedError("the thread died");
  const stopped = fixture(dir, { verify: () => Promise.reject(error) });
  for (let count = 0; count <= DENY; count++) {
    assertEquals(await stopped.stack.authenticate("alice", "right"), {
      ok: false,
      reason: "unavailable",
      message: error.message,
    });
  }
  const { stack, path } = fixture(dir);
  Deno.removeSync(path);
  assertEquals(await stack.authenticate("alice", "right"), {
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
  const { stack, clock } = fixture(dir, hasher);
  assertEquals((await stack.authenticate("alice", "correct horse")).ok, true);
  const denied: Promise<AuthResult>[] = [];
  for (const password of ["correct horsf", "", "x".repeat(73)]) {
    denied.push(stack.authenticate("bob", password));
  }
  for (const name of ["locked", "nobody"]) denied.push(stack.authenticate(name, "correct horse"));
  const deadline = Date.now() + 30_000;
  while (clock.armed < denied.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clock.advance(FAIL_DELAY_MS);
  assertEquals(await Promise.all(denied), denied.map(() => DENIED));
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
  assertEquals(await result, DENIED);
});
