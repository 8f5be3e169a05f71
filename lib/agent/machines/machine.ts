/** One named machine: brings its container to where it is wanted, one step after the other. */
import { sleep } from "../../clock.ts";
import { describeError, type Log } from "../../log.ts";
import type { MachineEvent, MachineInfo, MachineState } from "../../protocol/machines.ts";
import { TOMB_MS } from "../../protocol/machines.ts";
import { EngineError } from "../../sessions/errors.ts";
import type { MachineEngine } from "../../sessions/machine_engine.ts";
import type { Clock, StartProgress } from "../../types.ts";
import type { MachineRecord } from "./machine_file.ts";

/** How soon what ended by itself is started again, doubled each time, and an engine asked that was away. */
const AGAIN_MS = 1_000, AGAIN_MOST_MS = 60_000;
/** One that ran so long ended for another reason than the one before. */
const STEADY_MS = 60_000;
/** So often in a row it is started again by itself. */
const AGAIN_MOST = 5;
/** How many of the states that it was in are remembered. */
const STATES_MOST = 12;
/** The longest reason. */
const ERROR_CHARS = 400;

export interface MachineParts {
  readonly engine: MachineEngine;
  /** Why nothing may start now, in a sentence; null when it may. */
  readonly refusal: () => Promise<string | null>;
  /** Notes what has changed. */
  readonly note: () => void;
  /** Told of whatever is otherwise. */
  readonly tell: () => void;
  readonly clock: Clock;
  readonly unixTimeMs: () => number;
  readonly log: Log;
  /** Aborted when the agent ends; machines go on without it. */
  readonly signal: AbortSignal;
}

/** Where it is to be. */
type Goal = "running" | "stopped" | "deleted";

/** Changed by nobody but its `Machines`, which also keeps it. */
export class Machine {
  #record: MachineRecord;
  #phase: MachineState;
  #progress: StartProgress | null = null;
  readonly #parts: MachineParts;
  /** The steps under way, null when there are none. */
  #settling: Promise<void> | null = null;
  /** What is under way ends when something else is wanted. */
  #step = new AbortController();
  #changed = Promise.withResolvers<void>();
  /** How often it was started again by itself, and when it last began to run. */
  #again = 0;
  #sinceMs = 0;
  #isInherited: boolean;
  /** The states that it came into, the newest first. */
  #states: MachineEvent[] = [];

  /** @param isInherited whether an agent before this one had it: it may run, and have shells */
  constructor(record: MachineRecord, parts: MachineParts, isInherited: boolean) {
    [this.#record, this.#parts, this.#isInherited] = [record, parts, isInherited];
    const phase = isInherited ? "starting" : "creating";
    this.#phase = this.#goal === "running" ? phase : this.#goal;
    this.#remember();
  }

  get record(): MachineRecord {
    return this.#record;
  }

  get phase(): MachineState {
    return this.#record.deletedMs === null ? this.#phase : "deleted";
  }

  /** Changes what is noted of it, which who asks for it notes. */
  change(change: Partial<MachineRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#tell();
  }

  /** The same, and has it noted. */
  #note(change: Partial<MachineRecord>): void {
    this.change(change);
    this.#parts.note();
  }

  /** Goes where it is wanted; one that failed tries again. Resolves when it is there, or has failed. */
  settle(): Promise<void> {
    this.#step.abort();
    this.#again = 0;
    return this.#go();
  }

  /** Resolves when anything about it is otherwise. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Resolves when nothing is under way. */
  async over(): Promise<void> {
    this.#step.abort();
    await this.#settling;
  }

  /** The states that it came into, as far as this agent saw. */
  get states(): readonly MachineEvent[] {
    return this.#states;
  }

  describe(): MachineInfo {
    const { id, user, name, image, profile, createdMs, usedMs, jobs } = this.#record;
    const { deletedMs, lastError } = this.#record;
    const { cpus, memoryBytes: memory, pids, diskBytes: disk } = profile.limits;
    return {
      ...{ id, user, name, image, lastError, state: this.phase },
      stage: this.#progress?.stage ?? null,
      percent: this.#progress?.percent ?? null,
      limits: { cpus, memory, pids, disk },
      disk: null,
      since: this.#states[0]!.at,
      created: new Date(createdMs).toISOString(),
      lastUsed: new Date(usedMs).toISOString(),
      jobs,
      restorableUntil: deletedMs === null ? null : new Date(deletedMs + TOMB_MS).toISOString(),
    };
  }

  get #goal(): Goal {
    return this.#record.deletedMs === null ? this.#record.wanted : "deleted";
  }

  #go(): Promise<void> {
    return this.#settling ??= this.#steps().finally(() => this.#settling = null);
  }

  async #steps(): Promise<void> {
    let goal: Goal, step: AbortController;
    do {
      goal = this.#goal;
      step = this.#step = new AbortController();
      await this.#toward(goal, AbortSignal.any([step.signal, this.#parts.signal]));
      // Another wish came meanwhile, or the same one once more.
    } while (!this.#parts.signal.aborted && (step.signal.aborted || goal !== this.#goal));
  }

  /** Never throws: what goes wrong is in `lastError`. */
  async #toward(goal: Goal, signal: AbortSignal): Promise<void> {
    const { engine } = this.#parts;
    try {
      if (goal === "running") return await this.#run(signal);
      this.#enter("stopping");
      await engine.stop(this.#record.id);
      this.#enter(goal);
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error);
      const isAway = error instanceof EngineError && error.answer === "none";
      if (isAway) this.#later();
    } finally {
      this.#progress = null;
      this.#tell();
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { engine, refusal, clock, log } = this.#parts;
    const { id, user, name, profile, home } = this.#record;
    this.#enter(this.#phase === "creating" ? "creating" : "starting");
    const refused = this.#isInherited ? null : await refusal();
    if (refused !== null) throw new Error(refused);
    signal.throwIfAborted();
    const progress = (progress: StartProgress) => {
      this.#progress = progress;
      if (progress.stage !== "start") this.#phase = "creating";
      this.#tell();
    };
    const { container, ran, sinceMs } = await engine.bring({ id, user, name }, profile, {
      ...{ home, progress, signal },
    });
    if (ran && this.#isInherited) {
      await engine.endShells(id).catch((error) => {
        log.warning("shells that nobody can join any more stay in a machine", {
          machine: id,
          error,
        });
      });
    }
    this.#isInherited = false;
    if (signal.aborted) return;
    this.#sinceMs = clock.now();
    if (this.#again === 0 && this.#record.lastError !== null) this.#note({ lastError: null });
    this.#enter("running", sinceMs);
    void this.#watch(container);
  }

  /** Waits for an end that nobody here asked for. */
  async #watch(container: string): Promise<void> {
    const { engine, clock, signal } = this.#parts;
    const over = AbortSignal.any([this.#step.signal, signal]);
    while (!over.aborted) {
      const exit = engine.watchExit(container, over).then((status) => status, () => null);
      // It may have ended before its exit was watched.
      const runs = await engine.isRunning(this.#record.id, over).catch(() => null);
      if (over.aborted) return;
      if (runs === false) return this.#ended(null);
      const status = await Promise.race([exit, aborted(over)]);
      if (over.aborted) return;
      if (status !== null) return this.#ended(status);
      await sleep(AGAIN_MS, clock, over); // the engine's events broke off
    }
  }

  #ended(status: number | null): void {
    const { clock } = this.#parts;
    const how = status === null ? "" : ` with exit status ${status}`;
    this.#note({ lastError: `It ended by itself${how}.` });
    this.#enter("stopped");
    if (clock.now() - this.#sinceMs >= STEADY_MS) this.#again = 0;
    if (this.#again < AGAIN_MOST) this.#later();
    else this.#fail(new Error("It ended by itself again and again."));
  }

  /** Tries again in a while, unless something else is wanted by then. */
  async #later(): Promise<void> {
    const { clock, signal } = this.#parts;
    const over = AbortSignal.any([this.#step.signal, signal]);
    const pauseMs = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#again++);
    await sleep(pauseMs, clock, over);
    if (!over.aborted) await this.#go();
  }

  #fail(error: unknown): void {
    const { log } = this.#parts;
    const { id, user, name } = this.#record;
    const lastError = describeError(error).replaceAll(/\s+/g, " ").slice(0, ERROR_CHARS);
    this.#note({ lastError });
    this.#enter("failed");
    log.warning("a machine is not as it is wanted", { machine: id, user, name, error: lastError });
  }

  /** @param atMs when it came into that, where it is no news */
  #enter(phase: MachineState, atMs?: number): void {
    this.#phase = phase;
    this.#remember(atMs);
    this.#tell();
  }

  #remember(atMs = this.#parts.unixTimeMs()): void {
    const state = this.phase;
    if (state === this.#states[0]?.state) return;
    const message = isFailure(state) ? this.#record.lastError : null;
    const at = new Date(atMs).toISOString();
    // What it was found in goes where it turns out that it ran all the while.
    const before = this.#states.filter((one) => one.at <= at);
    this.#states = [{ at, state, message }, ...before].slice(0, STATES_MOST);
  }

  #tell(): void {
    this.#remember();
    this.#parts.tell();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function isFailure(state: MachineState): boolean {
  return state === "failed" || state === "stopped";
}

function aborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}

/** Resolves when a machine is there, has failed or is deleted, or the signal is aborted. */
export async function reached(
  machine: Machine,
  until: "running" | "stopped",
  signal: AbortSignal,
  progress: (progress: StartProgress) => void = () => {},
): Promise<void> {
  const ends = [until, "failed", "deleted"];
  const over = aborted(signal);
  while (!signal.aborted && !ends.includes(machine.phase)) {
    const { stage, percent } = machine.describe();
    if (stage !== null) progress({ stage, ...(percent !== null && { percent }) });
    await Promise.race([machine.changed, over]);
  }
}
