/** What a guard remembers, and that its file carries it over a restart without a name that is nobody's. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Guard } from "../../../lib/auth/guard.ts";
import {
  GuardStore,
  readGuard,
  WRITE_AFTER_MS,
  writeGuard,
} from "../../../lib/auth/guard_store.ts";
import { KNOWN_MS, KnownSources, SOURCES_PER_USER } from "../../../lib/auth/known_sources.ts";
import { HandClock, TempDir } from "./support.ts";

const LIMITS = { deny: 3, unlockTimeMs: 600_000 };

function fixture(dir: TempDir) {
  const clock = new HandClock();
  const warnings: string[] = [];
  const path = dir.file("failures.json");
  const open = async () => {
    const guard = new Guard({ limits: LIMITS, unixTimeMs: () => 1_700_000_000_000 + clock.now() });
    const warn = (message: string) => void warnings.push(message);
    const store = await GuardStore.open({ guard, path, clock, warn });
    return { guard, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  };
  return { clock, warnings, path, open };
}

Deno.test("locks and known addresses outlive a restart, and the file is the gateway's alone", async () => {
  using dir = new TempDir();
  const { path, open, warnings } = fixture(dir);
  {
    await using first = await open();
    first.guard.succeed(first.guard.attemptOf("alice", true, "192.0.2.1"));
    for (const [name, isUser] of [["bob", true], ["hunter2hunter2", false]] as const) {
      const attempt = first.guard.attemptOf(name, isUser, "192.0.2.9");
      for (let failure = 0; failure < 3; failure++) first.guard.fail(attempt);
    }
  }
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  const text = await Deno.readTextFile(path);
  assertMatch(text, /bob/);
  assert(!text.includes("hunter2"), "people type their password into the wrong field");
  await using next = await open();
  const { guard } = next;
  assert(guard.isKnown(guard.attemptOf("alice", true, "192.0.2.1")));
  assert(!guard.isKnown(guard.attemptOf("alice", true, "192.0.2.9")));
  for (const [name, isUser] of [["bob", true], ["hunter2hunter2", false]] as const) {
    assert(guard.check(guard.attemptOf(name, isUser, "192.0.2.9")).locked, name);
  }
  assertEquals(guard.locks().map(({ name, source }) => [name, source]), [["bob", "192.0.2.9"]]);
  assertEquals(warnings, []);
});

Deno.test("many changes are one write, WRITE_AFTER_MS after the first, and none is none", async () => {
  using dir = new TempDir();
  const { clock, path, open } = fixture(dir);
  await using opened = await open();
  const { guard } = opened;
  const attempt = guard.attemptOf("alice", true, "192.0.2.1");
  for (let failure = 0; failure < 1000; failure++) guard.fail(attempt);
  assertEquals(clock.armed, 1);
  assertEquals(await readGuard(path), null);
  clock.advance(WRITE_AFTER_MS);
  for (let look = 0; await readGuard(path) === null && look < 5000; look++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals((await readGuard(path))!.pairs.map(([pair, count]) => [pair, count]), [
    ["alice 192.0.2.1", 1000],
  ]);
  guard.succeed(attempt);
  assertEquals(clock.armed, 1);
  clock.advance(WRITE_AFTER_MS);
  for (let request = 0; request < 10; request++) guard.succeed(attempt);
  assertEquals(clock.armed, 0, "a script's requests write nothing");
});

Deno.test("a file that is damaged or cannot be written costs the memory only", async () => {
  using dir = new TempDir();
  const { path, open, warnings } = fixture(dir);
  for (const text of ["", "{", "[]", '{"key":"00"}', "null"]) {
    await Deno.writeTextFile(path, text);
    await using opened = await open();
    assertEquals(opened.guard.locks(), []);
    assertEquals(warnings.length, 1);
    assertMatch(
      warnings.pop()!,
      /failures\.json is damaged: the failed log-ins of before are forgotten$/,
    );
  }
  await Deno.remove(path);
  await Deno.mkdir(path);
  {
    await using opened = await open();
    opened.guard.fail(opened.guard.attemptOf("alice", true, "192.0.2.1"));
  }
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0]!, /^Cannot read \S+failures\.json: .*a restart forgets failed log-ins/);
});

Deno.test("forgive() ends a name's locks; forgetSources() makes it nowhere known", async () => {
  using dir = new TempDir();
  const { open } = fixture(dir);
  await using opened = await open();
  const { guard } = opened;
  const attempt = guard.attemptOf("alice", true, "192.0.2.1");
  guard.succeed(attempt);
  for (let failure = 0; failure < 3; failure++) guard.fail(attempt);
  assert(guard.check(attempt).locked);
  assertEquals([guard.forgive("alice"), guard.forgive("alice")], [true, false]);
  assert(!guard.check(attempt).locked && guard.isKnown(attempt));
  guard.forgetSources("alice");
  assert(!guard.isKnown(attempt));
});

Deno.test("writeGuard() keeps the owner, so that root may edit the gateway's file", async () => {
  using dir = new TempDir();
  const path = dir.file("failures.json", "{}");
  await Deno.chown(path, 65534, 65534);
  await writeGuard(path, new Guard({ limits: LIMITS }).record());
  const { uid, gid, mode } = await Deno.stat(path);
  assertEquals([uid, gid, mode! & 0o777], [65534, 65534, 0o600]);
});

Deno.test("a user's addresses are the latest SOURCES_PER_USER, each for KNOWN_MS", () => {
  const known = new KnownSources();
  for (let count = 0; count <= SOURCES_PER_USER; count++) known.add("alice", `s${count}`, count);
  assert(!known.has("alice", "s0", 100));
  assert(known.has("alice", "s1", 100));
  assert(!known.has("bob", "s1", 100));
  assertEquals([known.add("alice", "s1", 1000), known.add("alice", "s1", 4_000_000)], [
    false,
    true,
  ]);
  known.add("alice", "new", 4_000_000);
  assert(known.has("alice", "s1", 4_000_000) && !known.has("alice", "s2", 4_000_000));
  assert(!known.has("alice", "s1", 4_000_000 + KNOWN_MS));
  const next = new KnownSources();
  next.restore(known.record());
  assertEquals(next.record(), known.record());
});
