/** A registry of sessions for unit tests, on which nothing is real. */
import { assertEquals } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { Registry } from "../../../lib/sessions/registry.ts";
import type { TerminalEvent } from "../../../lib/types.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { ScriptedEngine, scriptedLeases, settingsWith } from "./scripted.ts";

export const MINUTE = 60_000;
/** A signal that is not aborted. */
export const never = new AbortController().signal;

/** A registry on a scripted engine and a manual clock. */
export class Stage implements AsyncDisposable {
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
