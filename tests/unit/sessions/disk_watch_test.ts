/** Proves who is ended for the disk they take, when nothing starts, and how seldom anybody is measured. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { DiskWatch } from "../../../lib/sessions/disk_watch.ts";
import { LimitError } from "../../../lib/sessions/errors.ts";
import { Registry } from "../../../lib/sessions/registry.ts";
import type { Session } from "../../../lib/sessions/session.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { PROFILE, ScriptedEngine, scriptedLeases } from "./scripted.ts";

const MB = 1024 ** 2, GB = 1024 ** 3;
const TICK_MS = 250;

/** A registry whose engine has a disk that a test fills. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly engine = new ScriptedEngine();
  readonly lines: string[] = [];
  readonly registry: Registry;

  constructor(freeBytes = 100 * GB) {
    this.engine.clock = this.clock;
    this.engine.disk = { freeBytes, freeFiles: 1_000_000, totalFiles: 1_000_000 };
    this.registry = new Registry({
      engine: this.engine,
      leases: scriptedLeases(new Set()),
      settings: () => ({
        choices: [],
        profile: PROFILE,
        times: {
          idleTimeoutMs: 60 * 60_000,
          idleWarningMs: 60_000,
          maxLifetimeMs: 480 * 60_000,
          reconnectGraceMs: 60 * 60_000,
          detachMaxMs: 0,
        },
        replayBytes: 1024,
        motd: "",
        minFreeBytes: 2 * GB,
        maxTotal: 50,
        maxPerUser: 50,
        poolSize: 0,
      }),
      memoryIsLow: () => false,
      clock: this.clock,
      log: createLog((line) => this.lines.push(line), { prefix: true, clock: () => new Date() }),
    });
  }

  open(): Promise<Session> {
    return this.registry.open({
      user: "alice",
      winsize: { cols: 80, rows: 24 },
      progress: () => {},
      signal: new AbortController().signal,
    });
  }

  /** A session writes, and its files are as large. */
  write({ container }: Session, bytes: number): void {
    const { held, written } = this.engine;
    held.set(container, ((held.get(container) ?? 0) as number) + bytes);
    written.set(container, (written.get(container) ?? 0) + bytes);
    this.take(bytes);
  }

  /** The server's disk fills by whatever else. */
  take(bytes: number): void {
    const { disk } = this.engine;
    this.engine.disk = { ...disk!, freeBytes: disk!.freeBytes - bytes };
  }

  async tick(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) await this.clock.advance(TICK_MS);
    await settle();
  }

  measured(): number {
    return this.engine.calls.filter((verb) => verb === "heldBytes").length;
  }

  warnings(): string[] {
    return this.lines.filter((line) => /^<[34]>/.test(line)).map((line) => line.slice(3));
  }

  [Symbol.asyncDispose]() {
    return this.registry[Symbol.asyncDispose]();
  }
}

Deno.test("a session that writes more than it may is ended, and others go on", async () => {
  await using stage = new Stage();
  const [writer, other] = [await stage.open(), await stage.open()];
  for (let written = 0; written < GB; written += 100 * MB) {
    stage.write(writer, 100 * MB);
    await stage.tick();
  }
  const { reason, message } = await writer.ended;
  assertEquals([reason, message], [
    "disk",
    "The session's files took 1.1 GB of the disk, over its limit of 1 GB.",
  ]);
  await writer.gone;
  await stage.tick(20);
  // It is the first suspect, as it holds most, and is not measured again once it is over.
  assertEquals([stage.measured() <= 3, other.phase], [true, "live"]);
});

Deno.test("nobody is measured while nobody can be over", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  await stage.tick(100);
  stage.write(session, 900 * MB);
  await stage.tick(100);
  assertEquals(stage.measured(), 0);
});

Deno.test("what others write has a session measured once, not ended", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  stage.write(session, 10 * MB);
  stage.take(2 * GB);
  await stage.tick(20);
  assertEquals([stage.measured(), session.phase], [1, "live"]);
  // Then it takes as much again as it has left.
  stage.take(900 * MB);
  await stage.tick(20);
  assertEquals(stage.measured(), 1);
  stage.take(200 * MB);
  await stage.tick(20);
  assertEquals([stage.measured(), session.phase], [2, "live"]);
});

Deno.test("a file with holes is no larger than what was written", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  stage.engine.held.set(session.container, 50 * GB);
  await stage.tick(20);
  assertEquals([stage.measured(), session.phase], [0, "live"]);
});

Deno.test("what is deleted meanwhile is written all the same", async () => {
  await using stage = new Stage();
  const [writer, deleter] = [await stage.open(), await stage.open()];
  for (let i = 0; i < 11; i++) {
    stage.write(writer, 100 * MB);
    await stage.tick();
    stage.take(-100 * MB); // the other one's files go
    await stage.tick();
  }
  assertEquals((await writer.ended).reason, "disk");
  assertEquals(deleter.phase, "live");
});

Deno.test("who takes long to be measured is measured a fifth of the time, and keeps nobody else waiting", async () => {
  await using stage = new Stage();
  const [slow, writer] = [await stage.open(), await stage.open()];
  let { promise, resolve } = Promise.withResolvers<number>();
  stage.engine.held.set(slow.container, promise);
  stage.take(2 * GB);
  await stage.tick(8); // two seconds
  assertEquals(stage.measured(), 2);
  stage.engine.held.set(writer.container, 3 * GB);
  stage.take(3 * GB);
  await stage.tick();
  assertEquals((await writer.ended).reason, "disk");
  resolve(5);
  await stage.tick();
  ({ promise, resolve } = Promise.withResolvers<number>());
  stage.engine.held.set(slow.container, promise);
  const before = stage.measured();
  stage.take(2 * GB);
  await stage.tick(30);
  assertEquals(stage.measured(), before);
  await stage.tick(2);
  assertEquals(stage.measured(), before + 1);
  resolve(5);
});

Deno.test("a measurement that fails ends nobody, and is tried again after a while", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  stage.engine.failAt = "heldBytes";
  stage.write(session, 2 * GB);
  await stage.tick(20);
  assertEquals([stage.measured(), session.phase], [1, "live"]);
  stage.engine.failAt = null;
  await stage.tick(24);
  assertEquals((await session.ended).reason, "disk");
});

Deno.test("where the engine limits the disk nobody is measured", async () => {
  await using stage = new Stage();
  stage.engine.limitsDisk = true;
  const session = await stage.open();
  stage.write(session, 3 * GB);
  await stage.tick(20);
  assertEquals([stage.measured(), session.phase], [0, "live"]);
});

Deno.test("a disk that cannot be seen is not watched", async () => {
  await using stage = new Stage();
  stage.engine.disk = null;
  await stage.open();
  assertEquals([stage.registry.boundsDisk, await stage.registry.diskIsLow()], [false, false]);
});

Deno.test("under the mark nothing starts, everybody goes on, and it is told once", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  stage.take(98.5 * GB); // 1.5 GB are left
  await stage.tick(20);
  const error = await assertRejects(() => stage.open(), LimitError);
  assertEquals(error.limit, "server");
  assertMatch(
    error.message,
    /^The server's disk is nearly full, so no terminal can be started now/,
  );
  assertEquals(session.phase, "live");
  assertEquals(stage.warnings().filter((line) => /nearly full/.test(line)), [
    "the disk of Docker's data is nearly full: no session starts, no pull " +
    'free="1.5 GB, 100 % of files" min_free="2 GB"',
  ]);
  // A little more is not enough, and a good deal more is.
  stage.take(-0.6 * GB);
  await stage.tick();
  await assertRejects(() => stage.open(), LimitError);
  stage.take(-0.2 * GB);
  assertEquals((await stage.open()).phase, "live");
});

Deno.test("also the first session of a gateway is refused", async () => {
  await using stage = new Stage(GB);
  await assertRejects(() => stage.open(), LimitError);
});

Deno.test("files can run out as well", async () => {
  await using stage = new Stage();
  stage.engine.disk = { ...stage.engine.disk!, freeFiles: 15_000 };
  await assertRejects(() => stage.open(), LimitError);
  stage.engine.disk = { ...stage.engine.disk!, freeFiles: 0, totalFiles: 0 }; // btrfs counts none
  assertEquals((await stage.open()).phase, "live");
});

Deno.test("under half of the mark the session that writes most since it was low is ended", async () => {
  await using stage = new Stage(3 * GB);
  const [old, writer, reader] = [await stage.open(), await stage.open(), await stage.open()];
  stage.engine.written.set(old.container, 900 * MB);
  stage.take(1.1 * GB);
  await stage.tick(20);
  assertEquals([old.phase, writer.phase], ["live", "live"]);
  // Of a file that is deleted and open; what it holds cannot be measured.
  stage.engine.written.set(writer.container, 950 * MB);
  stage.engine.written.set(reader.container, MB);
  stage.take(0.95 * GB);
  await stage.tick();
  assertEquals(await writer.ended, {
    reason: "disk",
    exitCode: null,
    message: "The server's disk was almost full, and this session wrote most to it, 950 MB.",
  });
  stage.take(-0.95 * GB);
  await stage.tick(60);
  assertEquals([old.phase, reader.phase], ["live", "live"]);
});

Deno.test("where no session fills the disk none is ended, and that is told once", async () => {
  await using stage = new Stage(3 * GB);
  const session = await stage.open();
  stage.take(2.5 * GB);
  await stage.tick(100);
  assertEquals(session.phase, "live");
  assertEquals(
    stage.warnings().filter((line) => /no session is known to fill/.test(line)).length,
    1,
  );
});

Deno.test("who wrote much before space ran out is not ended when that cannot be asked", async () => {
  await using stage = new Stage(3 * GB);
  const [old, writer] = [await stage.open(), await stage.open()];
  stage.engine.written.set(old.container, 900 * MB);
  stage.engine.failAt = "writtenBytes";
  stage.take(1.1 * GB); // low, and nobody answers how much each has written
  await stage.tick();
  stage.engine.failAt = null;
  stage.take(1.1 * GB);
  await stage.tick(4);
  assertEquals([old.phase, writer.phase], ["live", "live"]);
  assertEquals(stage.warnings().filter((line) => /no session is known to fill/.test(line)), []);
  // From then on it is known.
  stage.engine.written.set(writer.container, 20 * MB);
  await stage.tick(24);
  assertEquals([old.phase, (await writer.ended).reason], ["live", "disk"]);
});

Deno.test("who wrote much before a second shortage is not ended for it", async () => {
  await using stage = new Stage(3 * GB);
  const [early, late] = [await stage.open(), await stage.open()];
  stage.take(1.1 * GB);
  await stage.tick();
  stage.engine.written.set(early.container, 500 * MB);
  stage.take(-3 * GB);
  await stage.tick();
  stage.take(3 * GB);
  await stage.tick();
  stage.engine.written.set(late.container, 20 * MB);
  stage.take(1 * GB);
  await stage.tick();
  assertEquals([early.phase, (await late.ended).reason], ["live", "disk"]);
});

Deno.test("while bytes run out, nobody is ended for files that take long to count", async () => {
  await using stage = new Stage(3 * GB);
  const session = await stage.open();
  stage.engine.countMs.set(session.container, 5_000);
  stage.take(2.5 * GB);
  await stage.tick(100);
  assertEquals(session.phase, "live");
  assertEquals(
    stage.warnings().filter((line) => /no session is known to fill/.test(line)).length,
    1,
  );
});

Deno.test("when files run out, the session is ended whose files take long to count, and no other", async () => {
  await using stage = new Stage();
  const [some, many, few] = [await stage.open(), await stage.open(), await stage.open()];
  stage.engine.countMs.set(some.container, 700);
  stage.engine.countMs.set(many.container, 900);
  stage.engine.disk = { ...stage.engine.disk!, freeFiles: 5_000 };
  await stage.tick(40);
  const { reason, message } = await many.ended;
  assertEquals([reason, message], [
    "disk",
    "The server's disk was almost full, and this session had most of its files.",
  ]);
  // That did not help.
  await stage.tick(100);
  assertEquals([some.phase, few.phase], ["live", "live"]);
  assertEquals(
    stage.warnings().filter((line) => /no session is known to fill/.test(line)).length,
    1,
  );
});

Deno.test("when files run out and the engine is slow, nobody is ended for that", async () => {
  await using stage = new Stage();
  const [once, always] = [await stage.open(), await stage.open()];
  stage.engine.disk = { ...stage.engine.disk!, freeFiles: 5_000 };
  stage.engine.countMs.set(once.container, 900);
  stage.engine.answerMs.set(always.container, 900);
  stage.engine.countMs.set(always.container, 900);
  await stage.tick(2);
  stage.engine.countMs.set(once.container, 10); // the second time
  await stage.tick(100);
  assertEquals([once.phase, always.phase], ["live", "live"]);
});

Deno.test("a look that fails is made again, and so is one at a disk that could not be seen", async () => {
  for (const trouble of ["fails", "blind"] as const) {
    await using stage = new Stage();
    const { engine } = stage;
    const disk = engine.disk!;
    if (trouble === "blind") engine.disk = null;
    else engine.failAt = "space";
    // Taken over: nobody asks whether it may begin.
    const session = await stage.open().catch((error) => error);
    await stage.tick(4);
    engine.failAt = null;
    engine.disk = disk;
    await stage.tick(trouble === "blind" ? 40 : 2);
    for (let i = 0; i < 12; i++) {
      stage.write(session, 100 * MB);
      await stage.tick();
    }
    assertEquals((await session.ended).reason, "disk", trouble);
  }
});

Deno.test("a session that begins in the moment in which the watch of the last one ends is watched", async () => {
  const engine = new ScriptedEngine(), clock = new ManualClock(), stop = new AbortController();
  engine.disk = { freeBytes: 100 * GB, freeFiles: 0, totalFiles: 0 };
  engine.limitsDisk = true; // so that sessions are asked for by the loop alone
  const session = { phase: "live" } as Session;
  let scene: "live" | "leaving" | "next" = "live";
  const watch = new DiskWatch({
    engine,
    sessions() {
      if (scene !== "leaving") return [session];
      scene = "next";
      queueMicrotask(() => watch.follow(session));
      return [];
    },
    minFreeBytes: () => GB,
    clock,
    log: createLog(() => {}, { prefix: true, clock: () => new Date() }),
    signal: stop.signal,
  });
  watch.follow(session);
  await clock.advance(TICK_MS);
  scene = "leaving";
  await clock.advance(TICK_MS);
  const { looks } = engine;
  await clock.advance(10 * TICK_MS);
  assertEquals(engine.looks, looks + 10);
  stop.abort();
  await watch.over();
});

Deno.test("without sessions nothing is looked at", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  session.end({ reason: "killed", exitCode: null, message: "" });
  await session.gone;
  await stage.tick(2);
  const { looks } = stage.engine;
  assert(looks > 0);
  await stage.tick(100);
  assertEquals(stage.engine.looks, looks);
});
