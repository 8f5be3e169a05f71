import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { EngineError } from "../../../lib/sessions/errors.ts";
import { memoryIsLow } from "../../../lib/sessions/memory.ts";
import { Pool, READY_MAX_AGE_MS } from "../../../lib/sessions/pool.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { PROFILE, ScriptedEngine, scriptedLeases } from "./scripted.ts";

const SECOND = 1000;
const never = new AbortController().signal;
const SIZE = { cols: 80, rows: 24 };

/** A pool on a scripted engine and a manual clock. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly engine = new ScriptedEngine();
  readonly leased = new Set<string>();
  readonly lines: string[] = [];
  settings = { size: 2, profile: PROFILE, maxLifetimeMs: 60 * SECOND };
  places = 50;
  memoryIsLow = false;
  #ids = 0;
  readonly pool: Pool;

  constructor(size = 2) {
    this.settings.size = size;
    this.pool = new Pool({
      engine: this.engine,
      leases: scriptedLeases(this.leased),
      settings: () => this.settings,
      places: () => this.places,
      memoryIsLow: () => this.memoryIsLow,
      newId: () => `id${++this.#ids}`,
      clock: this.clock,
      log: createLog((line) => this.lines.push(line), { prefix: false, clock: () => new Date() }),
    });
  }

  /** A stage whose pool is full. */
  static async full(size = 2): Promise<Stage> {
    const stage = new Stage(size);
    await settle();
    assertEquals(stage.pool.ready, size);
    return stage;
  }

  /** The sessions whose containers there are. */
  get containers(): string[] {
    return [...this.engine.containers.values()].map(({ identity }) => identity.session);
  }

  container(session: string) {
    return this.engine.containers.get(`container-${session}`)!;
  }

  async claim(winsize = SIZE): Promise<string | null> {
    return (await this.pool.claim(winsize, never))?.id ?? null;
  }

  [Symbol.asyncDispose]() {
    return this.pool[Symbol.asyncDispose]();
  }
}

Deno.test("the pool starts shells one after the other until it has as many as are wanted", async () => {
  await using stage = await Stage.full(2);
  const one = ["create", "attach", "start", "resize"];
  assertEquals(stage.engine.calls, [...one, ...one]);
  assertEquals(stage.containers, ["id1", "id2"]);
});

Deno.test("a ready shell is nobody's, and leased", async () => {
  await using stage = await Stage.full(1);
  const { identity } = stage.container("id1");
  assertEquals([identity.role, identity.user], ["pool", ""]);
  assertEquals([...stage.leased], ["id1"]);
});

Deno.test("claim() hands out the oldest shell, and it stays the claimer's", async () => {
  await using stage = await Stage.full(2);
  const claimed = (await stage.pool.claim(SIZE, never))!;
  assertEquals(claimed.id, "id1");
  await stage.pool[Symbol.asyncDispose]();
  assertEquals([stage.containers, [...stage.leased]], [["id1"], ["id1"]]);
  await claimed[Symbol.asyncDispose]();
  assertEquals([stage.containers, [...stage.leased]], [[], []]);
});

Deno.test("claim() sizes the terminal before it hands it out, unless it has that size", async () => {
  await using stage = await Stage.full(2);
  stage.engine.calls.length = 0;
  await stage.claim(SIZE);
  assertEquals(stage.engine.calls, []);
  await stage.claim({ cols: 132, rows: 50 });
  assertEquals(stage.engine.calls, ["resize"]);
  assertEquals(stage.container("id2").size, { cols: 132, rows: 50 });
});

Deno.test("new shells are started with the size that was asked for last", async () => {
  await using stage = await Stage.full(1);
  await stage.claim({ cols: 132, rows: 50 });
  await stage.clock.advance(SECOND);
  assertEquals(stage.container("id2").size, { cols: 132, rows: 50 });
});

Deno.test("an empty pool hands out nothing", async () => {
  await using stage = await Stage.full(1);
  assertNotEquals(await stage.claim(), null);
  assertEquals(await stage.claim(), null);
});

Deno.test("a claimed shell is replaced, a moment after its session began", async () => {
  await using stage = await Stage.full(1);
  await stage.claim();
  await settle();
  assertEquals(stage.pool.ready, 0);
  await stage.clock.advance(SECOND);
  assertEquals(stage.pool.ready, 1);
});

Deno.test("a shell that ends while it waits is replaced and never handed out", async () => {
  await using stage = await Stage.full(2);
  await stage.clock.advance(20 * SECOND);
  stage.container("id1").exit.resolve(0);
  await settle();
  assertEquals(stage.containers, ["id2", "id3"]);
  assertEquals(await stage.claim(), "id2");
});

Deno.test("a shell whose exit can no longer be watched is replaced", async () => {
  await using stage = await Stage.full(1);
  await stage.clock.advance(20 * SECOND);
  stage.container("id1").exit.reject(new EngineError("Cannot wait", { answer: "none" }));
  await settle();
  assertEquals(stage.containers, ["id2"]);
});

Deno.test("a shell that cannot be sized is removed, and the next one handed out", async () => {
  await using stage = await Stage.full(2);
  const { engine } = stage;
  const resize = engine.resize.bind(engine);
  engine.resize = (container, winsize, signal) =>
    container === "container-id1"
      ? Promise.reject(new EngineError("Cannot resize", { answer: "refused" }))
      : resize(container, winsize, signal);
  assertEquals(await stage.claim({ cols: 132, rows: 50 }), "id2");
  assertEquals(stage.containers, ["id2"]);
});

Deno.test("a shell that nobody waits for any more is removed, and no other used up", async () => {
  await using stage = await Stage.full(2);
  const left = new AbortController();
  stage.engine.resize = (_container, _winsize, signal) => {
    left.abort(new Error("left"));
    return Promise.reject(signal.reason);
  };
  const claim = stage.pool.claim({ cols: 132, rows: 50 }, left.signal);
  await assertRejects(() => claim, Error, "left");
  await settle();
  assertEquals(stage.containers, ["id2"]);
});

Deno.test("a window of no usual size does not shape the next shells", async () => {
  await using stage = await Stage.full(1);
  await stage.claim({ cols: 1, rows: 1 });
  await stage.clock.advance(SECOND);
  assertEquals(stage.container("id2").size, SIZE);
});

Deno.test("a shell that waited for an hour is replaced and never handed out", async () => {
  await using stage = await Stage.full(1);
  await stage.clock.advance(READY_MAX_AGE_MS - SECOND);
  assertEquals(stage.containers, ["id1"]);
  await stage.clock.advance(11 * SECOND);
  assertEquals(stage.containers, ["id2"]);
});

Deno.test("claim() itself looks at the age", async () => {
  await using stage = await Stage.full(1);
  stage.clock.now = () => READY_MAX_AGE_MS;
  assertEquals(await stage.claim(), null);
  await settle();
  assert(!stage.containers.includes("id1"));
});

Deno.test("after a change of the profile the shells of the old one are replaced", async () => {
  await using stage = await Stage.full(2);
  stage.settings = { ...stage.settings, profile: { ...PROFILE, image: "new:1" } };
  assertEquals(await stage.claim(), null);
  stage.pool.refresh();
  await settle();
  assertEquals(stage.containers, ["id3", "id4"]);
});

Deno.test("shells of a profile that says the same stay when other settings change", async () => {
  await using stage = await Stage.full(2);
  stage.settings = { ...stage.settings, profile: structuredClone(PROFILE), maxLifetimeMs: 1 };
  stage.pool.refresh();
  await settle();
  assertEquals(stage.containers, ["id1", "id2"]);
  assertEquals(await stage.claim(), "id1");
});

Deno.test("a change of the size grows and shrinks the pool", async () => {
  await using stage = await Stage.full(2);
  stage.settings = { ...stage.settings, size: 1 };
  stage.pool.refresh();
  await settle();
  assertEquals(stage.containers, ["id2"]);
  stage.settings = { ...stage.settings, size: 3 };
  stage.pool.refresh();
  await settle();
  assertEquals(stage.containers, ["id2", "id3", "id4"]);
});

Deno.test("the pool keeps no more shells than there are places for sessions", async () => {
  await using stage = await Stage.full(2);
  for (const [places, ready] of [[1, 1], [0, 0], [-1, 0], [2, 2]] as const) {
    stage.places = places;
    stage.pool.refresh();
    await settle();
    assertEquals(stage.pool.ready, ready);
  }
});

Deno.test("when the server's memory runs low the pool empties, and waits before it fills again", async () => {
  await using stage = await Stage.full(2);
  stage.memoryIsLow = true;
  await stage.clock.advance(10 * SECOND);
  assertEquals(stage.containers, []);
  stage.memoryIsLow = false;
  await stage.clock.advance(30 * SECOND);
  assertEquals(stage.containers, []);
  await stage.clock.advance(40 * SECOND);
  assertEquals(stage.pool.ready, 2);
});

Deno.test("memory is low below what a container may take, or below a tenth; unknown is not low", () => {
  const MB = 1024 * 1024;
  const of = (total: number, available: number, free = 0) =>
    memoryIsLow(PROFILE, { total: total * MB, available: available * MB, free: free * MB });
  assertEquals([of(1000, 199), of(1000, 201)], [true, false]);
  assertEquals([of(8000, 790), of(8000, 810)], [true, false]);
  assertEquals(of(8000, 100, 100), false);
});

Deno.test("starts that fail leave nothing, are told, and are tried again ever more rarely", async () => {
  for (const step of ["create", "attach", "start"] as const) {
    await using stage = new Stage(1);
    stage.engine.failAt = step;
    await settle();
    assertEquals([stage.containers, [...stage.leased], stage.lines.length], [[], [], 1], step);
    await stage.clock.advance(100 * SECOND);
    // After 1, 2, 4, 8, 16, 32 seconds.
    assertEquals(stage.lines.length, 7);
    stage.engine.failAt = null;
    await stage.clock.advance(60 * SECOND);
    assertEquals(stage.pool.ready, 1);
  }
});

Deno.test("shells that end right after their start are not made in a hurry", async () => {
  await using stage = await Stage.full(1);
  for (let made = 1; made <= 4; made++) {
    stage.container(`id${made}`).exit.resolve(0);
    await settle();
    assertEquals(stage.containers, []);
    await stage.clock.advance(2 ** made * SECOND / 2 - 1);
    assertEquals(stage.containers, []);
    await stage.clock.advance(1);
    assertEquals(stage.containers, [`id${made + 1}`]);
  }
});

Deno.test("disposing the pool also ends the shell that is just being started", async () => {
  const stage = new Stage(1);
  const created = Promise.withResolvers<void>();
  const { attach } = stage.engine;
  stage.engine.attach = async (container) => {
    await created.promise;
    return attach.call(stage.engine, container);
  };
  await settle();
  assertEquals(stage.containers, ["id1"]);
  const disposed = stage[Symbol.asyncDispose]();
  created.resolve();
  await disposed;
  assertEquals([stage.containers, [...stage.leased]], [[], []]);
  assertEquals(stage.clock.pending, 0);
});
