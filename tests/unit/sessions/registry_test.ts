import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { ending } from "../../../lib/sessions/endings.ts";
import { EngineError, LimitError, ShutdownError } from "../../../lib/sessions/errors.ts";
import { Registry } from "../../../lib/sessions/registry.ts";
import { INTERRUPTED } from "../../../lib/terminal/bridge.ts";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import type { TerminalEvent } from "../../../lib/types.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { ScriptedEngine, scriptedLeases, settingsWith } from "./scripted.ts";

const MINUTE = 60_000;
const never = new AbortController().signal;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A registry on a scripted engine and a manual clock. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly engine = new ScriptedEngine();
  readonly leased = new Set<string>();
  readonly lines: string[] = [];
  readonly registry: Registry;

  constructor(
    { reconnectGraceMs = MINUTE, ...settings }: {
      reconnectGraceMs?: number;
      maxPerUser?: number;
      maxTotal?: number;
      poolSize?: number;
    } = {},
  ) {
    const made = settingsWith({ ...settings, times: { reconnectGraceMs } });
    this.registry = new Registry({
      engine: this.engine,
      leases: scriptedLeases(this.leased),
      settings: () => made,
      memoryIsLow: () => false,
      clock: this.clock,
      log: createLog((line) => this.lines.push(line), { prefix: false, clock: () => new Date() }),
    });
  }

  open(user = "alice", signal = never) {
    const winsize = { cols: 80, rows: 24 };
    return this.registry.open({ user, winsize, progress: () => {}, signal });
  }

  /** Opens a session with a viewer. */
  async view() {
    const session = await this.open();
    const events: TerminalEvent[] = [];
    const viewer = session.view(0, (event) => events.push(event));
    const container = this.engine.containers.get(session.container)!;
    return { session, events, viewer, container };
  }

  /** What is left when all is over: nothing. */
  assertClean() {
    assertEquals(this.engine.containers.size, 0);
    assertEquals(this.leased.size, 0);
    assertEquals(this.registry.list(), []);
  }

  [Symbol.asyncDispose]() {
    return this.registry[Symbol.asyncDispose]();
  }
}

Deno.test("open() watches the exit and attaches before it starts, and sizes right after", async () => {
  await using stage = new Stage();
  await stage.open();
  assertEquals(stage.engine.calls, ["create", "attach", "start", "resize"]);
});

Deno.test("open() has its lease before the container is created", async () => {
  await using stage = new Stage();
  stage.engine.create = ({ session }) => {
    assert(stage.leased.has(session));
    return Promise.reject(new EngineError("Cannot create", { answer: "refused" }));
  };
  await assertRejects(() => stage.open(), EngineError);
  assertEquals(stage.leased.size, 0);
});

Deno.test("open() that fails at any step leaves no container, lease or permit", async () => {
  for (const step of ["create", "attach", "start"] as const) {
    await using stage = new Stage({ maxPerUser: 1 });
    stage.engine.failAt = step;
    await assertRejects(() => stage.open(), EngineError, step);
    stage.assertClean();
    stage.engine.failAt = null;
    await stage.open();
  }
});

Deno.test("open() survives a terminal that cannot be sized", async () => {
  await using stage = new Stage();
  stage.engine.failAt = "resize";
  assertEquals((await stage.open()).phase, "live");
});

Deno.test("open() refuses the session past max_per_user, and a place comes free with an end", async () => {
  await using stage = new Stage({ maxPerUser: 2 });
  const first = await stage.open();
  await stage.open();
  await assertRejects(() => stage.open(), LimitError, "2 terminals open");
  await stage.open("bob");
  first.end(ending("killed", ""));
  await first.gone;
  await stage.open();
});

Deno.test("open() counts sessions that are still starting", async () => {
  await using stage = new Stage({ maxPerUser: 1 });
  const results = await Promise.allSettled([stage.open(), stage.open()]);
  assertEquals(results.map(({ status }) => status), ["fulfilled", "rejected"]);
});

Deno.test("open() refuses the session past max_total with a sentence", async () => {
  await using stage = new Stage({ maxTotal: 1 });
  await stage.open();
  await assertRejects(() => stage.open("bob"), LimitError, "All places");
});

Deno.test("a session ends with the shell's exit and passes its status on", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("bye");
  container.stream.end();
  container.exit.resolve(3);
  assertEquals(await session.ended, {
    reason: "exit",
    exitCode: 3,
    message: "The shell ended with exit status 3.",
  });
  assertEquals(new TextDecoder().decode(session.output.peek(0, 10)), "bye");
  await session.gone;
  await settle();
  stage.assertClean();
});

Deno.test("a session whose stream outlives its shell is not kept by it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.exit.resolve(0);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("a session warns 60 s before the idle end, and ends at 15 minutes", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  await stage.clock.advance(14 * MINUTE - 1);
  assertEquals(events, []);
  await stage.clock.advance(1);
  assertEquals(events, [{ type: "idle", remaining: 60 }]);
  await stage.clock.advance(MINUTE);
  assertEquals(await session.ended, {
    reason: "idle",
    exitCode: null,
    message: "The session ended after 15 minutes without input.",
  });
});

Deno.test("what a terminal answers by itself reaches the program and does not put the idle end off", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const answers = ["\x1b[?1;2c", "\x1b[24;80R", "\x1b[I", "\x1b]11;rgb:0/0/0\x1b\\"];
  for (let minute = 0; minute < 14; minute++) {
    await stage.clock.advance(MINUTE);
    await session.write(new TextEncoder().encode(answers[minute % 4]), never);
  }
  assertEquals(container.stream.written.slice(0, 4), answers);
  await stage.clock.advance(MINUTE);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("input puts the idle end off; output and resizing do not", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  await stage.clock.advance(14 * MINUTE);
  await session.write(new TextEncoder().encode("x"), never);
  await stage.clock.advance(14 * MINUTE);
  assertEquals(session.phase, "live");
  container.stream.print("noise");
  session.resize({ cols: 1, rows: 1 });
  await stage.clock.advance(MINUTE);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("a viewer that comes during the warning is warned", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  await stage.clock.advance(14.5 * MINUTE);
  const events: TerminalEvent[] = [];
  session.view(0, (event) => events.push(event));
  session.remind();
  assertEquals(events, [{ type: "idle", remaining: 30 }]);
});

Deno.test("a session ends at its longest time, however busy", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  for (let hours = 0; hours < 8; hours++) {
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await session.write(new TextEncoder().encode("x"), never);
      await stage.clock.advance(10 * MINUTE);
    }
  }
  assertEquals((await session.ended).reason, "lifetime");
  assertEquals((await session.ended).message, "The session reached its longest time, 8 hours.");
});

Deno.test("a session outlives its last viewer for the grace, and no longer", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  viewer[Symbol.dispose]();
  await stage.clock.advance(MINUTE - 1);
  assertEquals(session.phase, "live");
  const second = session.view(0, () => {});
  await stage.clock.advance(5 * MINUTE);
  assertEquals(session.phase, "live");
  second[Symbol.dispose]();
  await stage.clock.advance(MINUTE);
  assertEquals(await session.ended, {
    reason: "idle",
    cause: "away",
    exitCode: null,
    message: "Nobody came back to the session within 1 minute.",
  });
});

Deno.test("a session without grace ends with its viewer", async () => {
  await using stage = new Stage({ reconnectGraceMs: 0 });
  const { session, viewer } = await stage.view();
  await stage.clock.advance(MINUTE);
  assertEquals(session.phase, "live");
  viewer[Symbol.dispose]();
  await stage.clock.advance(0);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("a second viewer takes over; the first one's leaving starts no grace", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  using _second = session.view(0, () => {});
  assert(viewer.over.reason === "replaced");
  viewer[Symbol.dispose]();
  await stage.clock.advance(2 * MINUTE);
  assertEquals(session.phase, "live");
});

Deno.test("a killed shell is told apart: out of memory, killed outside, or by its own", async () => {
  for (const [kind, reason] of [["oom", "oom"], ["kill", "killed"], [null, "exit"]] as const) {
    await using stage = new Stage();
    const { session, container } = await stage.view();
    if (kind) stage.engine.incident({ kind, container: session.container });
    container.stream.end();
    container.exit.resolve(137);
    await stage.clock.advance(1_000);
    assertEquals((await session.ended).reason, reason);
    assertEquals((await session.ended).exitCode, 137);
  }
});

Deno.test("what others than the gateway stopped is no administrator's kill in the journal", async () => {
  for (const status of [137, 143]) {
    await using stage = new Stage();
    const { session, container } = await stage.view();
    stage.engine.incident({ kind: "kill", container: session.container });
    container.stream.end();
    container.exit.resolve(status);
    const { reason, cause, exitCode } = await session.ended;
    assertEquals([reason, cause, exitCode], ["killed", "stopped", status]);
  }
});

Deno.test("a kill that the engine tells of after the exit still counts", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.end();
  container.exit.resolve(137);
  await stage.clock.advance(100);
  stage.engine.incident({ kind: "oom", container: session.container });
  assertEquals((await session.ended).reason, "oom");
});

Deno.test("a kill long before the exit has nothing to do with it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.incident({ kind: "oom", container: session.container });
  await stage.clock.advance(10 * MINUTE);
  container.stream.end();
  container.exit.resolve(137);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("the last output of a shell waits for a slow viewer, as long as that one moves on", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const block = "x".repeat(CREDIT_BYTES);
  container.stream.print(block);
  await settle();
  container.stream.print("the end");
  container.stream.end();
  container.exit.resolve(0);
  for (let acked = 1; acked <= "the end".length; acked++) {
    await stage.clock.advance(5_000);
    assertEquals(session.phase, "live");
    session.output.ack(acked, CREDIT_BYTES);
  }
  session.output.ack(CREDIT_BYTES, CREDIT_BYTES);
  await stage.clock.advance(0);
  assertEquals((await session.ended).reason, "exit");
  assertEquals(session.output.end, CREDIT_BYTES + "the end".length);
});

Deno.test("input that comes after the end sets no timer", async () => {
  const stage = new Stage();
  const { session } = await stage.view();
  await stage.registry[Symbol.asyncDispose]();
  await session.write(new TextEncoder().encode("x"), never);
  assertEquals(stage.clock.pending, 0);
});

Deno.test("a start whose shell prints nothing says so in its stages", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  await stage.clock.advance(1_000);
  assertEquals((await session.stages).prompt, null);
});

Deno.test("an out-of-memory program does not decide how the shell's own exit is told", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.incident({ kind: "oom", container: session.container });
  container.stream.end();
  container.exit.resolve(0);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("a session whose engine went away goes on when it is back, with what was missed", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("one\n");
  await settle();
  stage.engine.goAway();
  await settle();
  container.log = "one\ntwo\n";
  await stage.clock.advance(10_000);
  assertEquals(session.phase, "live");
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  container.stream.print("three\n");
  await settle();
  assertEquals(text(session.output.latest(100)), "one\ntwo\nthree\n");
  await session.write(new TextEncoder().encode("x"), never);
  assertEquals(container.stream.written, ["x"]);
  container.exit.resolve(0);
  container.stream.end();
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("what was missed waits for the viewer like other output", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.goAway();
  container.log = "x".repeat(CREDIT_BYTES + 10) + "\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(session.output.end, CREDIT_BYTES);
  session.output.ack(CREDIT_BYTES, CREDIT_BYTES);
  await settle();
  assertEquals(session.output.end, CREDIT_BYTES + 11);
});

Deno.test("a session whose container is gone when the engine is back ends with reason engine", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  stage.engine.comeBack();
  stage.engine.failAt = "rejoin";
  stage.engine.failsWith = "missing";
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "engine");
});

Deno.test("a session that the engine refuses to join again for a moment goes on", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  stage.engine.comeBack();
  stage.engine.failAt = "rejoin";
  await stage.clock.advance(20_000);
  assertEquals(session.phase, "live");
  stage.engine.failAt = null;
  await stage.clock.advance(1_000);
  const writing = session.write(new TextEncoder().encode("x"), never);
  await stage.clock.advance(1_000);
  await writing;
  assertEquals(stage.engine.containers.get(session.container)!.stream.written, ["x"]);
});

Deno.test("when output is lost with the engine, the viewer comes back to a screen started over", async () => {
  await using stage = new Stage();
  const { session, container, viewer } = await stage.view();
  container.stream.print("one\n");
  await settle();
  stage.engine.goAway();
  container.log = "nothing of it is left\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(viewer.over.reason, "comeBack");
  const { from } = session.view("one\n".length, () => {});
  assert(from > "one\n".length);
  assertEquals(text(session.output.peek(from, 100)), "nothing of it is left\n");
});

Deno.test("input that a broken connection took in part goes on with its rest", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.takesBytes = 2;
  const first = container.stream;
  const writing = session.write(new TextEncoder().encode("abcde"), never);
  await settle();
  assertEquals(session.inputBytes, 5, "whoever comes back must not send it again");
  stage.engine.goAway();
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  await writing;
  assertEquals([first.written, container.stream.written], [["ab"], ["cde"]]);
  assertEquals(session.inputBytes, 5);
});

Deno.test("input that is on its way when the gateway leaves counts as far as it was taken", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.takesBytes = 2;
  const writing = session.write(new TextEncoder().encode("abcde"), never);
  const queued = new AbortController();
  const waiting = session.write(new TextEncoder().encode("fgh"), queued.signal);
  queued.abort();
  await assertRejects(() => waiting);
  const left = stage.registry.leave();
  await stage.clock.advance(100);
  await left;
  await writing;
  assertEquals(session.inputBytes, 2);
});

Deno.test("a viewer is told of a pause that lasts, and of its end; one that comes meanwhile, too", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  const incident = (kind: "pause" | "unpause") =>
    stage.engine.incident({ kind, container: session.container });
  incident("pause");
  await stage.clock.advance(900);
  incident("unpause");
  await stage.clock.advance(10_000);
  assertEquals(events, []);
  incident("pause");
  await stage.clock.advance(1_000);
  assertEquals(events, [{ type: "paused" }]);
  const later: TerminalEvent[] = [];
  session.view(0, (event) => later.push(event));
  session.remind();
  incident("unpause");
  await settle();
  assertEquals(later, [{ type: "paused" }, { type: "resumed" }]);
});

Deno.test("a session whose engine stays away tells its viewer, and ends with reason engine", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  stage.engine.goAway();
  await stage.clock.advance(100_000);
  assertEquals([session.phase, events], ["live", [{ type: "paused" }]]);
  await stage.clock.advance(30_000);
  assertEquals((await session.ended).reason, "engine");
  stage.engine.comeBack();
});

Deno.test("an exit while the engine's events were broken off is found out", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  await stage.clock.advance(1_000);
  stage.engine.comeBack();
  stage.engine.ended.set(session.container, 4);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).exitCode, 4);
});

Deno.test("a session's id is 16 lower-case letters and digits, and no two are alike", async () => {
  await using stage = new Stage();
  const [{ session: one }, { session: other }] = [await stage.view(), await stage.view()];
  assertMatch(one.id + other.id, /^[a-z2-7]{32}$/);
  assert(one.id !== other.id);
});

Deno.test("a session that ends while its viewer is away can be recalled within the grace", async () => {
  await using stage = new Stage();
  const { session, viewer, container } = await stage.view();
  viewer[Symbol.dispose]();
  container.stream.print("RESULT=42\n");
  container.stream.end();
  container.exit.resolve(3);
  await session.gone;
  await settle();
  assertEquals([stage.registry.find(session.id), stage.registry.list()], [undefined, []]);
  const recalled = stage.registry.endedSessions.find(session.id)!;
  assertEquals(text(recalled.output.latest(100)), "RESULT=42\n");
  assertEquals((await recalled.ended).exitCode, 3);
  await stage.clock.advance(MINUTE);
  assertEquals(stage.registry.endedSessions.find(session.id), undefined);
});

Deno.test("a session whose end was seen is not recalled", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.registry.endedSessions.forget(session);
  session.end(ending("killed", ""));
  await session.gone;
  await settle();
  assertEquals(stage.registry.endedSessions.find(session.id), undefined);
});

Deno.test("leave() leaves nothing of a session that has ended", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  const { registry, engine } = stage;
  engine.failAt = "end";
  session.end(ending("killed", ""));
  await assertRejects(() => session.gone);
  await registry.leave();
  assertEquals(stage.leased.size, 0);
});

Deno.test("drain() ends live sessions with the cause and resolves when all is gone", async () => {
  const stage = new Stage();
  const first = await stage.open();
  const second = await stage.open("bob");
  await stage.registry.endAll(ending("shutdown", "bye"));
  assertEquals((await first.ended).reason, "shutdown");
  assertEquals((await second.ended).message, "bye");
  stage.assertClean();
  await assertRejects(() => stage.open(), ShutdownError);
});

/** A session whose start goes no further than the attach until the gate is opened. */
async function heldStart() {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  const { attach } = stage.engine;
  stage.engine.attach = async (container) => {
    await gate.promise;
    return await attach.call(stage.engine, container);
  };
  const starting = stage.open();
  await settle();
  return { stage, gate, starting };
}

Deno.test("drain() waits for a start that is under way, and leaves nothing of it", async () => {
  const { stage, gate, starting } = await heldStart();
  const drained = stage.registry.endAll(ending("shutdown", "bye"));
  gate.resolve();
  await assertRejects(() => starting, ShutdownError);
  await drained;
  stage.assertClean();
});

Deno.test("leave() refuses a start that is under way, so that its client comes again", async () => {
  const { stage, gate, starting } = await heldStart();
  const left = stage.registry.leave();
  gate.resolve();
  const error = await assertRejects(() => starting, ShutdownError) as ShutdownError;
  assertEquals(error.followed, true);
  await left;
  stage.assertClean();
});

Deno.test("a container that will not go is logged, and its session is given up", async () => {
  const stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.failAt = "end";
  container.stream.end();
  container.exit.resolve(0);
  await assertRejects(() => session.gone);
  await settle();
  assertEquals(stage.registry.list(), []);
  assertEquals(stage.leased.size, 0);
  assert(stage.lines.some((line) => line.includes("was not removed")));
  await stage.registry[Symbol.asyncDispose]();
});

Deno.test("input that waits for its turn is dropped when its client leaves", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const gate = Promise.withResolvers<void>();
  const { write } = container.stream;
  container.stream.write = async (bytes) => {
    await gate.promise;
    return await write.call(container.stream, bytes);
  };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const leaving = new AbortController();
  const first = session.write(bytes("a"), never);
  const second = session.write(bytes("b"), leaving.signal);
  const third = session.write(bytes("c"), never);
  leaving.abort();
  await assertRejects(() => second);
  gate.resolve();
  await Promise.all([first, third]);
  assertEquals(container.stream.written, ["a", "c"]);
});

Deno.test("input is counted when it is passed on, or was dropped for good, and not when it was lost", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const gate = Promise.withResolvers<void>();
  const { write } = container.stream;
  container.stream.write = async (bytes) => {
    await gate.promise;
    return await write.call(container.stream, bytes);
  };
  const bytes = new Uint8Array(10);
  const leaving = new AbortController(), interrupted = new AbortController();
  const first = session.write(bytes, never);
  await settle();
  assertEquals(session.inputBytes, 10, "the shell will have it, whatever becomes of its viewer");
  const lost = session.write(bytes, leaving.signal);
  const dropped = session.write(bytes, interrupted.signal);
  interrupted.abort(INTERRUPTED);
  leaving.abort();
  await Promise.allSettled([lost, dropped]);
  assertEquals(session.inputBytes, 20);
  gate.resolve();
  await first;
});

Deno.test("input that comes while the engine is away waits for it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.goAway();
  container.stream.write = () => Promise.reject(new Error("broken pipe"));
  const written = session.write(new TextEncoder().encode("a"), never);
  await settle();
  stage.engine.comeBack();
  await stage.clock.advance(10_000);
  await written;
  assertEquals(container.stream.written, ["a"]);
});

Deno.test("of several sizes that come at once, the terminal gets the last", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const before = stage.engine.calls.length;
  for (let cols = 1; cols <= 50; cols++) session.resize({ cols, rows: 10 });
  await stage.clock.advance(50);
  assertEquals(container.size, { cols: 50, rows: 10 });
  assert(stage.engine.calls.length - before <= 2);
});

Deno.test("the first size counts at once, and the engine is told of others twenty times a second at most", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const before = stage.engine.calls.length;
  for (let cols = 1; cols <= 100; cols++) {
    session.resize({ cols, rows: 10 });
    if (cols === 1) {
      await settle();
      assertEquals(container.size, { cols: 1, rows: 10 });
    }
    await stage.clock.advance(10);
  }
  await stage.clock.advance(50);
  assertEquals(container.size, { cols: 100, rows: 10 });
  const told = stage.engine.calls.length - before;
  assert(told >= 15 && told <= 22, `${told} times`);
});

Deno.test("who starts one session after the other beside others leaves ready shells to them", async () => {
  await using stage = new Stage({ poolSize: 3, maxPerUser: 9 });
  await settle();
  const starts = async (user: string) => {
    const before = stage.engine.calls.length;
    await stage.open(user);
    return stage.engine.calls.slice(before).includes("start") ? "cold" : "ready";
  };
  assertEquals([await starts("alice"), await starts("alice")], ["ready", "ready"]);
  await stage.clock.advance(5000);
  assertEquals([await starts("bob"), await starts("alice"), await starts("alice")], [
    "ready",
    "ready",
    "cold",
  ]);
});
