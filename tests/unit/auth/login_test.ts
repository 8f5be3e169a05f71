/** Logins: known by their token only, bounded, ended by whatever should end them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHECK_INTERVAL_MS, LOGINS_PER_USER } from "../../../lib/auth/login.ts";
import { loginsFixture, reasonOf, TempDir, TTL_MS } from "./support.ts";

Deno.test("issue() gives a token of 16 and 32 random bytes that verify() knows until it expires", async () => {
  using dir = new TempDir();
  const { clock, options, files, open } = loginsFixture(dir);
  using logins = await open();
  const { token, expiresAtMs } = await logins.issue("alice");
  assertMatch(token, /^[\w-]{22}\.[\w-]{43}$/);
  assertEquals(expiresAtMs, options.unixTimeMs() + TTL_MS);
  const login = logins.verify(token)!;
  assertEquals([login.name, login.expiresAtMs, login.ended.aborted], ["alice", expiresAtMs, false]);
  clock.advance(TTL_MS - 1);
  assertEquals(logins.verify(token), login);
  clock.advance(1);
  assertEquals(logins.verify(token), null);
  assertEquals(reasonOf(login.ended), "The login has expired");
  assertEquals(files(), []);
});

Deno.test("verify() knows no token but the whole one", async () => {
  using dir = new TempDir();
  const { open } = loginsFixture(dir);
  using logins = await open();
  const { token } = await logins.issue("alice");
  const other = (await logins.issue("alice")).token;
  const [id, secret] = token.split(".");
  const last = secret!.at(-1) === "A" ? "B" : "A";
  for (
    const wrong of [
      "",
      id!,
      `${id}.`,
      `.${secret}`,
      `${id}.${secret}A`,
      `${id}.${secret!.slice(0, -1)}`,
      `${id}.${secret!.slice(0, -1)}${last}`,
      `${id}.${other.split(".")[1]}`,
      `${other.split(".")[0]}.${secret}`,
      `../${id}.${secret}`,
      `${token}\n`,
    ]
  ) {
    assertEquals(logins.verify(wrong), null, wrong);
  }
  assert(logins.verify(token) !== null);
});

Deno.test("revoke() aborts ended and removes the file; a wrong token revokes nothing", async () => {
  using dir = new TempDir();
  const { files, open } = loginsFixture(dir);
  using logins = await open();
  const { token } = await logins.issue("alice");
  const { ended } = logins.verify(token)!;
  await logins.revoke(`${token.split(".")[0]}.${"A".repeat(43)}`);
  await logins.revoke("nonsense");
  assertEquals(ended.aborted, false);
  let told = 0;
  ended.addEventListener("abort", () => told++);
  await logins.revoke(token);
  await logins.revoke(token);
  assertEquals(told, 1);
  assertEquals(reasonOf(ended), "The login was revoked");
  assertEquals(logins.verify(token), null);
  assertEquals(files(), []);
});

Deno.test("a changed, locked or removed user's logins end at the next check, others' stay", async () => {
  using dir = new TempDir();
  const { clock, credentials, files, open } = loginsFixture(dir);
  using logins = await open();
  for (const credential of ["c".repeat(64), null]) {
    credentials.set("alice", "a".repeat(64));
    const alice = logins.verify((await logins.issue("alice")).token)!;
    const bob = logins.verify((await logins.issue("bob")).token)!;
    if (credential === null) credentials.delete("alice");
    else credentials.set("alice", credential);
    clock.advance(CHECK_INTERVAL_MS);
    assertEquals(reasonOf(alice.ended), "The account was changed");
    assertEquals(bob.ended.aborted, false);
  }
  assertEquals(files().length, 2);
});

Deno.test("verify() itself notices a changed user", async () => {
  using dir = new TempDir();
  const { credentials, open } = loginsFixture(dir);
  using logins = await open();
  const { token } = await logins.issue("alice");
  const { ended } = logins.verify(token)!;
  credentials.set("alice", "c".repeat(64));
  assertEquals(logins.verify(token), null);
  assertEquals(ended.aborted, true);
  credentials.set("alice", "a".repeat(64));
  assertEquals(logins.verify(token), null, "and it stays over");
});

Deno.test("expiry aborts ended without anyone asking", async () => {
  using dir = new TempDir();
  const { clock, open } = loginsFixture(dir);
  using logins = await open();
  const { ended } = logins.verify((await logins.issue("alice")).token)!;
  clock.advance(CHECK_INTERVAL_MS);
  assertEquals(ended.aborted, false);
  clock.advance(TTL_MS);
  assertEquals(ended.aborted, true);
});

Deno.test("while the users cannot be read no token is good, and no login ends over it", async () => {
  using dir = new TempDir();
  const { clock, options, open } = loginsFixture(dir);
  using logins = await open();
  const { token } = await logins.issue("alice");
  const { ended } = logins.verify(token)!;
  const credentialOf = options.credentialOf;
  options.credentialOf = () => {
    throw new Error("unreadable");
  };
  assertEquals(logins.verify(token), null);
  clock.advance(CHECK_INTERVAL_MS);
  using reopened = await open();
  assertEquals(reopened.verify(token), null);
  assertEquals(ended.aborted, false);
  options.credentialOf = credentialOf;
  assert(logins.verify(token) !== null);
  assert(reopened.verify(token) !== null);
});

Deno.test("LOGINS_PER_USER bounds a user's logins: the oldest gives way, also after a restart", async () => {
  using dir = new TempDir();
  const { clock, files, open } = loginsFixture(dir);
  const tokens: string[] = [];
  {
    using logins = await open();
    for (let count = 0; count < LOGINS_PER_USER; count++) {
      tokens.push((await logins.issue("alice")).token);
      clock.advance(1);
    }
    const other = (await logins.issue("bob")).token;
    const { ended } = logins.verify(tokens[0]!)!;
    tokens.push((await logins.issue("alice")).token);
    assertEquals(reasonOf(ended), "The login gave way to newer ones");
    assert(logins.verify(tokens[1]!) !== null);
    assert(logins.verify(other) !== null);
  }
  using logins = await open();
  clock.advance(1);
  await logins.issue("alice");
  assertEquals(logins.verify(tokens[1]!), null);
  assert(logins.verify(tokens[2]!) !== null);
  assertEquals(files().length, LOGINS_PER_USER + 1);
});

Deno.test("logins issued side by side stay bounded, on disk too", async () => {
  using dir = new TempDir();
  const { files, open } = loginsFixture(dir);
  using logins = await open();
  const issued = await Promise.all(
    Array.from({ length: 2 * LOGINS_PER_USER }, () => logins.issue("alice")),
  );
  const good = issued.filter(({ token }) => logins.verify(token) !== null);
  assertEquals(good.length, LOGINS_PER_USER);
  assertEquals(files(), good.map(({ token }) => `${token.split(".")[0]}.json`).sort());
});

Deno.test("disposing stops the checks", async () => {
  using dir = new TempDir();
  const { clock, open } = loginsFixture(dir);
  const logins = await open();
  clock.advance(CHECK_INTERVAL_MS);
  assertEquals(clock.armed, 1);
  logins[Symbol.dispose]();
  logins[Symbol.dispose]();
  assertEquals(clock.armed, 0);
});

Deno.test("follow() tells within a check that the credential changed, and no more once disposed", async () => {
  using dir = new TempDir();
  const { clock, credentials, options, open } = loginsFixture(dir);
  const { credentialOf } = options;
  let readable = true;
  options.credentialOf = (name) => {
    if (readable) return credentialOf(name);
    throw new Error("away");
  };
  using logins = await open();
  using alice = logins.follow("alice");
  using bob = logins.follow("bob");
  const left = logins.follow("alice");
  left[Symbol.dispose]();
  readable = false;
  clock.advance(CHECK_INTERVAL_MS);
  readable = true;
  clock.advance(CHECK_INTERVAL_MS);
  assert(!alice.changed.aborted, "a file that is away for a moment changes nobody");
  credentials.delete("alice");
  clock.advance(CHECK_INTERVAL_MS);
  assertEquals(reasonOf(alice.changed), "The account was changed");
  assertEquals([bob.changed.aborted, left.changed.aborted], [false, false]);
});
