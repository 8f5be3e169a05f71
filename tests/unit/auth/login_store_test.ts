/** Logins on disk: alive across restarts, no token among them, and a disk that fails. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { LoginEndedError, Logins } from "../../../lib/auth/login.ts";
import { LoginStoreError } from "../../../lib/auth/login_store.ts";
import { loginsFixture, TempDir, TTL_MS } from "./support.ts";

Deno.test("the token is nowhere on disk; the files are 0600 in a directory of 0700", async () => {
  using dir = new TempDir();
  const { options, files, open } = loginsFixture(dir);
  using logins = await open();
  const { token } = await logins.issue("alice");
  const [id, secret] = token.split(".");
  assertEquals(files(), [`${id}.json`]);
  const path = join(options.dir, `${id}.json`);
  const text = Deno.readTextFileSync(path);
  assert(!text.includes(secret!));
  assertMatch(JSON.parse(text).secretDigest, /^[0-9a-f]{64}$/);
  assertEquals(Deno.statSync(path).mode! & 0o7777, 0o600);
  assertEquals(Deno.statSync(options.dir).mode! & 0o7777, 0o700);
});

Deno.test("a restart logs nobody out, and an ended login stays ended", async () => {
  using dir = new TempDir();
  const { open } = loginsFixture(dir);
  let token: string, revoked: string, expiresAtMs: number;
  {
    using logins = await open();
    ({ token, expiresAtMs } = await logins.issue("alice"));
    revoked = (await logins.issue("bob")).token;
    const { ended } = logins.verify(token)!;
    await logins.revoke(revoked);
    logins[Symbol.dispose]();
    assertEquals(ended.aborted, false, "disposing ends no login");
  }
  using logins = await open();
  const login = logins.verify(token);
  assertEquals([login?.name, login?.expiresAtMs], ["alice", expiresAtMs]);
  assertEquals(logins.verify(revoked), null);
});

Deno.test("open() removes what is expired, changed, malformed or unfinished, and nothing else", async () => {
  using dir = new TempDir();
  const { clock, credentials, options, files, open } = loginsFixture(dir);
  let kept: string;
  {
    using logins = await open();
    await logins.issue("alice");
    clock.advance(TTL_MS / 2);
    kept = (await logins.issue("alice")).token;
    await logins.issue("bob");
  }
  const malformed = ["A", "B", "C", "D"].map((letter) => `${letter.repeat(22)}.json`);
  const texts = ["", "{", '{"name":"alice"}', '{"name":1,"expiresAtMs":"x"}'];
  for (const [index, name] of malformed.entries()) {
    Deno.writeTextFileSync(join(options.dir, name), texts[index]!);
  }
  Deno.writeTextFileSync(join(options.dir, ".unfinished-1"), "{");
  Deno.writeTextFileSync(join(options.dir, "README"), "not ours");
  Deno.mkdirSync(join(options.dir, `${"E".repeat(22)}.json`));
  clock.advance(TTL_MS / 2);
  credentials.delete("bob");
  using logins = await open();
  assertEquals(files(), [`${"E".repeat(22)}.json`, "README", `${kept.split(".")[0]}.json`].sort());
  assertEquals(logins.verify(kept)?.name, "alice");
});

Deno.test("issue() refuses a name that may not log in", async () => {
  using dir = new TempDir();
  const { files, open } = loginsFixture(dir);
  using logins = await open();
  await assertRejects(() => logins.issue("nobody"), LoginEndedError, "Cannot log nobody in");
  assertEquals(files(), []);
});

Deno.test("a login that cannot be kept is no login", async () => {
  using dir = new TempDir();
  const { options, open } = loginsFixture(dir);
  using logins = await open();
  Deno.removeSync(options.dir);
  await assertRejects(() => logins.issue("alice"), LoginStoreError, "Cannot keep a login in");
});

Deno.test("open() says so when its directory cannot be one", async () => {
  using dir = new TempDir();
  const { options } = loginsFixture(dir);
  const file = dir.file("file", "");
  await assertRejects(
    () => Logins.open({ ...options, dir: file }),
    LoginStoreError,
    `Cannot open the logins in ${file}`,
  );
});

Deno.test("a login whose file cannot be removed is over all the same, and that is told", async () => {
  using dir = new TempDir();
  const { credentials, warnings, options, open } = loginsFixture(dir);
  using logins = await open();
  const tokens = [(await logins.issue("alice")).token, (await logins.issue("bob")).token];
  for (const token of tokens) {
    const path = join(options.dir, `${token.split(".")[0]}.json`);
    Deno.removeSync(path);
    Deno.mkdirSync(join(path, "full"), { recursive: true });
  }
  await assertRejects(() => logins.revoke(tokens[0]!), LoginStoreError, "remove it, or a restart");
  assertEquals(logins.verify(tokens[0]!), null);
  credentials.delete("bob");
  logins.check();
  assertEquals(logins.verify(tokens[1]!), null);
  assertEquals(warnings.length, 1);
});
