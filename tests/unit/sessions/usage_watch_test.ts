import { assertEquals } from "@std/assert";
import type { UsageSample } from "../../../lib/sessions/engine.ts";
import { UsageWatch } from "../../../lib/sessions/usage_watch.ts";
import type { Usage } from "../../../lib/types.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

const MEBIBYTE = 1024 ** 2;
const IDLE = { memory: 10 * MEBIBYTE, memoryLimit: 200 * MEBIBYTE, pids: 1 };

/** An engine whose containers use what a test says. */
class Played {
  readonly clock = new ManualClock();
  readonly watch = new UsageWatch({ engine: this, clock: this.clock });
  /** By container; CPU time per millisecond that passes. */
  readonly uses: Record<string, Partial<Usage> | "fails" | null> = {};
  readonly asked: string[] = [];
  /** How many are measured now, and were at most. */
  underWay = 0;
  most = 0;
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();
  aborted = 0;
  #cpuMs = 0;
  #beforeMs = 0;

  async usage(container: string, signal: AbortSignal): Promise<UsageSample | null> {
    this.asked.push(container);
    this.most = Math.max(this.most, ++this.underWay);
    signal.addEventListener("abort", () => this.aborted++);
    await this.gate;
    this.underWay--;
    const uses = this.uses[container];
    if (uses === "fails") throw new Error("away");
    if (uses === null) return null;
    const atMs = this.clock.now();
    this.#cpuMs += (uses?.cpu ?? 0) * (atMs - this.#beforeMs);
    this.#beforeMs = atMs;
    const { cpu: _, ...rest } = { ...IDLE, ...uses };
    return { atMs, cpuMs: this.#cpuMs, ...rest };
  }

  follow(container: string, idleMs?: () => number) {
    const told: Usage[] = [];
    const following = this.watch.follow(container, (usage) => told.push(usage), idleMs);
    return { told, [Symbol.dispose]: () => following[Symbol.dispose]() };
  }
}

Deno.test("two samples tell what is used, and then only what has changed noticeably", async () => {
  const played = new Played();
  using one = played.follow("one");
  played.uses["one"] = { cpu: 0.4321 };
  await played.clock.advance(2_000);
  assertEquals(one.told, []);
  await played.clock.advance(2_000);
  assertEquals(one.told, [{ cpu: 0.43, ...IDLE }]);
  played.uses["one"] = { cpu: 0.4344, memory: IDLE.memory + MEBIBYTE - 1 };
  await played.clock.advance(4_000);
  assertEquals(one.told.length, 1);
  for (
    const change of [{ memory: IDLE.memory + MEBIBYTE }, { pids: 2 }, { cpu: 1.5 }, { cpu: 1.51 }]
  ) {
    const before = one.told.length;
    played.uses["one"] = { cpu: 0.43, ...change };
    await played.clock.advance(2_000);
    assertEquals(one.told.slice(before), [{ cpu: 0.43, ...IDLE, ...change }]);
  }
});

Deno.test("while nobody looks nothing is measured, and no timer is set", async () => {
  const played = new Played();
  await played.clock.advance(10_000);
  const one = played.follow("one");
  assertEquals(played.clock.pending, 1);
  one[Symbol.dispose]();
  assertEquals(played.clock.pending, 0);
  await played.clock.advance(10_000);
  assertEquals(played.asked, []);
  {
    using two = played.follow("two");
    await played.clock.advance(4_000);
    assertEquals(two.told.length, 1);
  }
  await played.clock.advance(10_000);
  assertEquals(played.asked, ["two", "two"]);
});

Deno.test("who leaves during a measurement ends it and is told nothing", async () => {
  const played = new Played();
  const one = played.follow("one");
  await played.clock.advance(2_000);
  const gate = Promise.withResolvers<void>();
  played.gate = gate.promise;
  await played.clock.advance(2_000);
  assertEquals(played.underWay, 1);
  one[Symbol.dispose]();
  assertEquals(played.aborted, 1);
  using two = played.follow("two");
  gate.resolve();
  await settle();
  assertEquals([one.told, two.told], [[], []]);
  await played.clock.advance(4_000);
  assertEquals(two.told.length, 1);
});

Deno.test("who takes the place of another is told at once how it is, and measured once", async () => {
  const played = new Played();
  const first = played.follow("one");
  await played.clock.advance(4_000);
  using second = played.follow("one");
  first[Symbol.dispose]();
  played.asked.length = 0;
  await played.clock.advance(4_000);
  assertEquals([first.told.length, second.told.length], [1, 1]);
  assertEquals(played.asked, ["one", "one"]);
});

Deno.test("of many containers no more than 16 are measured at once, and no round overtakes another", async () => {
  const played = new Played();
  const gate = Promise.withResolvers<void>();
  played.gate = gate.promise;
  using held = new DisposableStack();
  const all = Array.from({ length: 80 }, (_, i) => held.use(played.follow(`c${i}`)));
  await played.clock.advance(20_000);
  assertEquals([played.asked.length, played.most], [16, 16]);
  gate.resolve();
  await played.clock.advance(4_000);
  assertEquals(played.most, 16);
  assertEquals(all.filter(({ told }) => told.length === 1).length, 80);
});

Deno.test("a container that cannot be measured is left alone for a while, and holds up no other", async () => {
  const played = new Played();
  using bad = played.follow("bad");
  using good = played.follow("good");
  played.uses["bad"] = "fails";
  await played.clock.advance(10_000);
  assertEquals(played.asked.filter((container) => container === "bad").length, 1);
  assertEquals(good.told.length, 1);
  played.uses["bad"] = {};
  await played.clock.advance(6_000);
  assertEquals(bad.told.length, 1);
});

Deno.test("a shell that is not measured is told nothing", async () => {
  const played = new Played();
  using one = played.follow("one");
  played.uses["one"] = null;
  await played.clock.advance(10_000);
  assertEquals(one.told, []);
});

Deno.test("a glance has a container measured for some seconds, and tells what it used last", async () => {
  const played = new Played();
  played.uses["one"] = { cpu: 0.5 };
  assertEquals(played.watch.glance("one"), null);
  await played.clock.advance(2_000);
  assertEquals(played.watch.glance("one"), { cpu: 0.5, ...IDLE });
  await played.clock.advance(60_000);
  const { length } = played.asked;
  assertEquals(length <= 5, true);
  assertEquals(played.clock.pending, 0);
  assertEquals(played.watch.glance("one"), null);
  await played.clock.advance(60_000);
  assertEquals(played.asked.length > length, true);
});

Deno.test("a glance at what somebody looks at costs nothing, and outlives their look", async () => {
  const played = new Played();
  using one = played.follow("one");
  await played.clock.advance(4_000);
  assertEquals(one.told.length, 1);
  const before = played.asked.length;
  assertEquals(played.watch.glance("one"), one.told[0]!);
  await played.clock.advance(2_000);
  assertEquals(played.asked.length, before + 1);
  one[Symbol.dispose]();
  assertEquals(played.watch.glance("one"), one.told[0]!);
  await played.clock.advance(60_000);
  assertEquals(played.clock.pending, 0);
});

Deno.test("where nobody types and nothing changes it is measured less and less often, until then", async () => {
  const played = new Played();
  let typedMs = -Infinity;
  using one = played.follow("one", () => played.clock.now() - typedMs);
  await played.clock.advance(4_000);
  assertEquals([one.told.length, played.asked.length], [1, 2]);
  // After 2, 4, 8, 16 and 16 s.
  await played.clock.advance(46_000);
  assertEquals([one.told.length, played.asked.length], [1, 7]);
  await played.clock.advance(1_000);
  typedMs = played.clock.now();
  played.uses["one"] = { pids: 2 };
  await played.clock.advance(2_000);
  assertEquals([one.told.length, played.asked.length], [2, 8]);
  typedMs = -Infinity;
  await played.clock.advance(2_000);
  assertEquals(played.asked.length, 9);
});
