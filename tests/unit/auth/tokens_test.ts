import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { may, type Scope, SCOPES } from "../../../lib/auth/scopes.ts";
import { TOKEN_MOST_MS, TokenError, Tokens, TOKENS_PER_USER } from "../../../lib/auth/tokens.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const HOUR = 3_600_000;

/** A state directory, and tokens of it by a clock that a test moves. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  readonly #held = new AsyncDisposableStack();

  private constructor(readonly stateDir: string) {}

  static async begin(): Promise<Stage> {
    return new Stage(await Deno.makeTempDir({ prefix: "ttygate-test-" }));
  }

  get path(): string {
    return join(this.stateDir, "tokens.json");
  }

  async open(): Promise<Tokens> {
    return this.#held.use(
      await Tokens.open({
        stateDir: this.stateDir,
        clock: this.clock,
        unixTimeMs: () => 1e12 + this.clock.now(),
        warn: (message) => this.warnings.push(message),
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
    assertEquals(this.clock.pending, 0);
    await Deno.remove(this.stateDir, { recursive: true });
  }
}

const order = (some: { user?: string; name?: string; scopes?: Scope[]; forMs?: number } = {}) => ({
  user: "alice",
  name: "laptop",
  scopes: ["read"] as Scope[],
  forMs: HOUR,
  ...some,
});

Deno.test("a token stands for its user and its scopes until it expires, also after a restart", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { token, secret } = await tokens.create(order());
  assertMatch(secret, /^ttygate_[0-9a-f]{22}[A-Za-z0-9_-]{43}$/); // no id begins with a dash
  const later = await stage.open();
  const known = later.verify(secret)!;
  assertEquals([known.token.user, known.token.scopes], ["alice", ["read"]]);
  assertEquals(later.of("alice").map(({ id }) => id), [token.id]);
  await stage.clock.advance(HOUR - 1);
  assert(later.verify(secret) !== null);
  assertEquals(known.ended.aborted, false);
  await stage.clock.advance(1);
  assertEquals([later.verify(secret), later.of("alice")], [null, []]);
  assertEquals(known.ended.aborted, true);
});

Deno.test("a token's secret is nowhere kept, and what is near it stands for nothing", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { secret } = await tokens.create(order());
  const text = await Deno.readTextFile(stage.path);
  assert(!text.includes(secret.slice(30)));
  assertEquals((await Deno.stat(stage.path)).mode! & 0o777, 0o600);
  const other = secret.at(-1) === "A" ? "Q" : "A";
  for (
    const wrong of ["", secret.slice(0, -1) + other, secret.slice(1), `${secret}A`, "ttygate_"]
  ) {
    assertEquals(tokens.verify(wrong), null, wrong);
  }
});

Deno.test("a token that is revoked ends at once, by its user alone", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { token, secret } = await tokens.create(order());
  const { ended } = tokens.verify(secret)!;
  assertEquals(await tokens.revoke("bob", token.id), false);
  assertEquals(await tokens.revoke("alice", token.id), true);
  assertEquals([ended.aborted, tokens.verify(secret)], [true, null]);
  assertEquals((await stage.open()).verify(secret), null);
});

Deno.test("the tokens of a user who was removed are not those of another one of that name", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { secret } = await tokens.create(order());
  const { secret: other } = await tokens.create(order({ user: "bob" }));
  const { ended } = tokens.verify(secret)!;
  await tokens.keepOf((name) => name === "bob");
  assertEquals(ended.aborted, true);
  const later = await stage.open();
  assertEquals([later.verify(secret), later.verify(other)?.token.user], [null, "bob"]);
});

Deno.test("the last use is kept, a minute later and when the gateway ends", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { secret } = await tokens.create(order());
  const used = async () => JSON.parse(await Deno.readTextFile(stage.path)).tokens[0].usedMs;
  assertEquals([await used(), tokens.of("alice")[0]!.usedMs], [null, null]);
  await stage.clock.advance(5);
  tokens.verify(secret);
  assertEquals(tokens.of("alice")[0]!.usedMs, 1e12 + 5);
  await tokens[Symbol.asyncDispose]();
  assertEquals(await used(), 1e12 + 5);
});

Deno.test("names of a user's tokens differ, and there are bounds to how many there are and how long they last", async () => {
  await using stage = await Stage.begin();
  const tokens = await stage.open();
  const { token } = await tokens.create(order({ forMs: 10 * TOKEN_MOST_MS }));
  assertEquals(token.expiresMs - token.createdMs, TOKEN_MOST_MS);
  const taken = await assertRejects(() => tokens.create(order()), TokenError);
  assertEquals(taken.kind, "taken");
  await tokens.create(order({ user: "bob" }));
  for (let i = 1; i < TOKENS_PER_USER; i++) await tokens.create(order({ name: `${i}` }));
  const full = await assertRejects(() => tokens.create(order({ name: "more" })), TokenError);
  assertEquals(full.kind, "full");
});

Deno.test("a file that cannot be understood is told, and no token stands for anything", async () => {
  await using stage = await Stage.begin();
  await Deno.writeTextFile(stage.path, '{"format": 1, "tokens": [{}]}');
  const tokens = await stage.open();
  assertEquals(tokens.of("alice"), []);
  assertMatch(stage.warnings.join(), /^Cannot read .*tokens\.json: .*tokens do not outlive/);
});

Deno.test("a token does what its scopes say, and never more than its user", () => {
  const allowed = (admin: boolean, scopes?: Scope[]) =>
    SCOPES.filter((scope) => may({ name: "a", admin, ...(scopes && { scopes }) }, scope));
  assertEquals(allowed(true), ["read", "shell", "machines", "admin"]);
  assertEquals(allowed(false), ["read", "shell", "machines"]);
  assertEquals(allowed(false, ["read", "admin"]), ["read"]);
  assertEquals(allowed(true, ["admin"]), ["admin"]);
  assertEquals(allowed(true, []), []);
});
