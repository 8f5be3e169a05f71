/** What two thousand sessions leave behind in the gateway's process: nothing. */
import { assertEquals } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { ending } from "../../../lib/sessions/endings.ts";
import { Registry } from "../../../lib/sessions/registry.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { PROFILE, ScriptedEngine, scriptedLeases } from "./scripted.ts";

const SESSIONS = 2_000;
/** So many live at a time. */
const TOGETHER = 40;
const KEY = new TextEncoder().encode("x");
const MINUTE_MS = 60_000;
const never = new AbortController().signal;

/** Every way in which a session comes to its end. */
const WAYS = ["exit", "idle", "lifetime", "killed", "left", "lost", "refused", "given up"] as const;

/** Notes abort listeners that are added to signals and not removed. */
function countListeners() {
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  const live = new WeakMap<AbortSignal, Set<unknown>>();
  return {
    of: (signal: AbortSignal) => live.get(signal)?.size ?? 0,
    install() {
      AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: unknown[]) {
        const listeners = live.get(this) ?? new Set();
        live.set(this, listeners.add(args[1]));
        return Reflect.apply(addEventListener, this, args);
      };
      AbortSignal.prototype.removeEventListener = function (
        this: AbortSignal,
        ...args: unknown[]
      ) {
        live.get(this)?.delete(args[1]);
        return Reflect.apply(removeEventListener, this, args);
      };
    },
    [Symbol.dispose]() {
      Object.assign(AbortSignal.prototype, { addEventListener, removeEventListener });
    },
  };
}

Deno.test("2,000 sessions, ended in every way, leave no timer, listener, lease or container", async () => {
  using listeners = countListeners();
  listeners.install();
  const clock = new ManualClock();
  const engine = new ScriptedEngine();
  const leased = new Set<string>();
  let signalOfAll: AbortSignal | undefined;
  const { incidents } = engine;
  engine.incidents = (signal) => {
    signalOfAll = signal;
    return incidents.call(engine, signal);
  };
  const registry = new Registry({
    engine,
    leases: scriptedLeases(leased),
    settings: () => ({
      profile: PROFILE,
      choices: [],
      times: {
        idleTimeoutMs: 15 * MINUTE_MS,
        idleWarningMs: MINUTE_MS,
        maxLifetimeMs: 60 * MINUTE_MS,
        reconnectGraceMs: MINUTE_MS,
        detachMaxMs: 0,
      },
      replayBytes: 1024,
      motd: "",
      minFreeBytes: 2 * 1024 ** 3,
      maxTotal: 50,
      maxPerUser: 50,
      poolSize: 0,
    }),
    memoryIsLow: () => false,
    clock,
    log: createLog(() => {}, { prefix: false, clock: () => new Date() }),
  });
  await settle();
  const before = { timers: clock.pending, listeners: listeners.of(signalOfAll!) };

  async function endTogether(way: typeof WAYS[number]): Promise<void> {
    if (way === "refused") engine.failAt = "start";
    const asked = new AbortController();
    const winsize = { cols: 80, rows: 24 };
    const { signal } = asked;
    const opening = Array.from(
      { length: TOGETHER },
      () => registry.open({ user: "alice", winsize, progress: () => {}, signal }),
    );
    if (way === "given up") asked.abort();
    const opened = await Promise.allSettled(opening);
    engine.failAt = null;
    const sessions = opened.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    assertEquals(sessions.length, way === "refused" || way === "given up" ? 0 : TOGETHER);
    const containers = sessions.map(({ container }) => engine.containers.get(container)!);
    const viewers = sessions.map((session) => session.view(0, () => {}));
    const type = () => Promise.all(sessions.map((session) => session.write(KEY, never)));
    for (const { stream } of containers) stream.print("$ ");
    await type();
    switch (way) {
      case "exit":
        for (const { stream, exit } of containers) {
          stream.end();
          exit.resolve(0);
        }
        break;
      case "killed":
        for (const session of sessions) session.end(ending("killed", "gone"));
        break;
      case "left":
        for (const viewer of viewers) viewer[Symbol.dispose]();
        await clock.advance(MINUTE_MS);
        break;
      case "idle":
        await clock.advance(15 * MINUTE_MS);
        break;
      case "lifetime":
        for (let minutes = 0; minutes < 60; minutes += 14) {
          await type();
          await clock.advance(14 * MINUTE_MS);
        }
        break;
      case "lost":
        engine.failAt = "rejoin";
        engine.failsWith = "missing";
        for (const { stream, exit } of containers) {
          stream.end();
          exit.reject(new Error("lost"));
        }
        break;
    }
    await clock.advance(10_000);
    await Promise.all(sessions.map(({ gone }) => gone));
    engine.failAt = null;
    engine.failsWith = "refused";
  }

  for (let done = 0; done < SESSIONS; done += TOGETHER) {
    await endTogether(WAYS[done / TOGETHER % WAYS.length]!);
  }
  await clock.advance(MINUTE_MS); // the grace of the last ones
  await settle();
  assertEquals({ timers: clock.pending, listeners: listeners.of(signalOfAll!) }, before);
  assertEquals([registry.list(), [...leased], [...engine.containers.keys()]], [[], [], []]);
  await registry[Symbol.asyncDispose]();
  assertEquals(clock.pending, 0);
});
