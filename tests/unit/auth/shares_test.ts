import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  NAMES_PER_SHARE,
  SHARE_MOST_MS,
  ShareError,
  Shares,
  SHARES_PER_SESSION,
} from "../../../lib/auth/shares.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const MINUTE = 60_000;

/** A state directory, and shares of it by a clock that a test moves. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  /** How far the clock of the day was put back. */
  backMs = 0;
  readonly #held = new AsyncDisposableStack();

  private constructor(readonly stateDir: string) {}

  static async begin(): Promise<Stage> {
    return new Stage(await Deno.makeTempDir({ prefix: "ttygate-test-" }));
  }

  get path(): string {
    return join(this.stateDir, "shares.json");
  }

  /** As a gateway does when it starts. */
  async open(): Promise<Shares> {
    return this.#held.use(
      await Shares.open({
        stateDir: this.stateDir,
        clock: this.clock,
        unixTimeMs: () => 1e12 + this.clock.now() - this.backMs,
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

const order = { session: "s1", owner: "alice", kind: "watch", forMs: 15 * MINUTE } as const;

Deno.test("who has the token may come, again and again, and nobody else", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share, token } = await shares.create(order, ["s1"]);
  assertMatch(token, /^[\w-]{32}$/);
  assertThrows(() => shares.admit(share.id, "bob"), ShareError);
  const { session, owner, kind } = await shares.claim(token, "bob");
  assertEquals([session, owner, kind], ["s1", "alice", "watch"]);
  await shares.claim(token, "bob");
  assertEquals(shares.admit(share.id, "bob").names, ["bob"]);
  assertThrows(() => shares.admit(share.id, "mallory"), ShareError);
  assertThrows(() => shares.admit("none", "bob"), ShareError);
});

Deno.test("a wrong token, one that has expired and one of a share that was ended are refused alike", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const ended = await shares.create(order, ["s1"]);
  await shares.end(ended.share.id, "alice ended the share.");
  const expired = await shares.create(order, ["s1"]);
  await stage.clock.advance(15 * MINUTE);
  const whys = new Set<string>();
  for (const token of [ended.token, expired.token, "x".repeat(32), "", ended.share.id]) {
    const error = await assertRejects(() => shares.claim(token, "bob"), ShareError);
    whys.add(error.message);
  }
  assertEquals(whys.size, 1);
});

Deno.test("a share expires to the millisecond, and says so to those who came by it", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share, token } = await shares.create(order, ["s1"]);
  await shares.claim(token, "bob");
  await stage.clock.advance(15 * MINUTE - 1);
  assertEquals([share.ended.aborted, shares.of("s1").length], [false, 1]);
  await stage.clock.advance(1);
  assertEquals(share.ended.reason, "The share has expired.");
  assertEquals(shares.of("s1"), []);
  assertThrows(() => shares.admit(share.id, "bob"), ShareError);
});

Deno.test("a share lasts 24 hours at most", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share } = await shares.create({ ...order, forMs: 100 * SHARE_MOST_MS }, ["s1"]);
  await stage.clock.advance(SHARE_MOST_MS - 1);
  assertEquals(share.ended.aborted, false);
  await stage.clock.advance(1);
  assert(share.ended.aborted);
});

Deno.test("a share goes on while the clock of the day says that it lasts", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share } = await shares.create(order, ["s1"]);
  stage.backMs = 5 * MINUTE;
  await stage.clock.advance(15 * MINUTE);
  assertEquals(share.ended.aborted, false);
  await stage.clock.advance(5 * MINUTE);
  assert(share.ended.aborted);
});

Deno.test("a share that expired while the machine slept lets nobody in, before any timer", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share, token } = await shares.create(order, ["s1"]);
  await shares.claim(token, "bob");
  stage.backMs = -15 * MINUTE;
  await assertRejects(() => shares.claim(token, "bob"), ShareError);
  assertThrows(() => shares.admit(share.id, "bob"), ShareError);
});

Deno.test("who ends a share cuts off all who came by it, and it cannot be ended twice", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share, token } = await shares.create(order, ["s1"]);
  const { ended } = await shares.claim(token, "bob");
  assertEquals(await shares.end(share.id, "alice ended the share."), true);
  assertEquals(ended.reason, "alice ended the share.");
  assertEquals(await shares.end(share.id, "Again."), false);
});

Deno.test("shares and who came by them outlive a restart, their tokens are nowhere kept", async () => {
  await using stage = await Stage.begin();
  const before = await stage.open();
  const { share, token } = await before.create(order, ["s1"]);
  await before.claim(token, "bob");
  const gone = await before.create(order, ["s1"]);
  await before.end(gone.share.id, "alice ended the share.");
  const text = await Deno.readTextFile(stage.path);
  assertEquals([text.includes(token), text.includes(gone.token)], [false, false]);
  assertEquals((await Deno.stat(stage.path)).mode! & 0o777, 0o600);
  await stage.clock.advance(10 * MINUTE);
  const after = await stage.open();
  assertEquals(after.of("s1").map(({ id }) => id), [share.id]);
  assertEquals(after.admit(share.id, "bob").session, "s1");
  assertEquals((await after.claim(token, "carol")).names, ["bob", "carol"]);
  await assertRejects(() => after.claim(gone.token, "bob"), ShareError);
  await stage.clock.advance(5 * MINUTE);
  assertEquals(after.of("s1"), []);
  assertEquals((await stage.open()).of("s1"), []);
});

Deno.test("who was removed has no shares, and another one of that name did not come by any", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share, token } = await shares.create(order, ["s1"]);
  await shares.claim(token, "bob");
  await shares.claim(token, "carol");
  await shares.keepOf((name) => name !== "bob");
  for (const kept of [shares, await stage.open()]) {
    assertEquals(kept.admit(share.id, "carol").names, ["carol"]);
    assertThrows(() => kept.admit(share.id, "bob"), ShareError);
  }
  await shares.keepOf((name) => name !== "alice");
  assertEquals(share.ended.aborted, true);
  assertEquals((await stage.open()).of("s1"), []);
});

Deno.test("a session has ten shares at most, and one that ended makes room", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  for (let i = 0; i < SHARES_PER_SESSION; i++) await shares.create(order, ["s1"]);
  await assertRejects(() => shares.create(order, ["s1"]), ShareError, "too many");
  await shares.create({ ...order, session: "s2" }, ["s1", "s2"]);
  await shares.end(shares.of("s1")[0]!.id, "alice ended the share.");
  await shares.create(order, ["s1", "s2"]);
});

Deno.test("shares of an owner's sessions that are gone make room for others", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { share } = await shares.create(order, ["s1"]);
  const others = await shares.create({ ...order, session: "s9", owner: "carol" }, ["s9"]);
  await shares.create({ ...order, session: "s2" }, ["s2"]);
  assertEquals([share.ended.aborted, others.share.ended.aborted], [true, false]);
  assertEquals(shares.of("s1"), []);
});

Deno.test("no more than fifty people come by one link", async () => {
  await using stage = await Stage.begin();
  const shares = await stage.open();
  const { token } = await shares.create(order, ["s1"]);
  for (let i = 0; i < NAMES_PER_SHARE; i++) await shares.claim(token, `user-${i}`);
  await assertRejects(() => shares.claim(token, "one-more"), ShareError, "Too many");
  await shares.claim(token, "user-7");
});

Deno.test("without a file that can be read, or written, it warns and works on", async () => {
  await using stage = await Stage.begin();
  await Deno.writeTextFile(stage.path, '{"format":1,"shares":[{}]}');
  const shares = await stage.open();
  assertMatch(stage.warnings.join(), /^Cannot read .*shares\.json/);
  await Deno.remove(stage.path);
  await Deno.mkdir(stage.path);
  const { share, token } = await shares.create(order, ["s1"]);
  assertMatch(stage.warnings.at(-1)!, /^Cannot write .*shares\.json/);
  await shares.claim(token, "bob");
  assertEquals(shares.admit(share.id, "bob").id, share.id);
});
