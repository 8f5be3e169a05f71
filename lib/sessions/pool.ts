/** Shells that are started ahead of demand and handed to the next sessions whole. */
import type { Log } from "../log.ts";
import type { Clock, Profile, Winsize } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { Lease, Leases } from "./leases.ts";
import { newRecord } from "./lease_record.ts";
import { type Shell, startShell } from "./shell.ts";

/** A shell that has waited this long is replaced: what it was made from may have changed. */
export const READY_MAX_AGE_MS = 60 * 60_000;
/** How often it looks at ages and at the server's memory. */
const CHECK_MS = 10_000;
/** After a claim: the newcomer's first moment is not disturbed by the start of a replacement. */
const REFILL_PAUSE_MS = 250;
/** A shell that ends by itself this soon after its start counts as a failed start. */
const EARLY_DEATH_MS = 10_000;
/** The wait after the server's memory ran low: removing shells alone may have ended that. */
const LOW_MEMORY_PAUSE_MS = 60_000;
/** The wait after a failed start, doubled with each further one. */
const RETRY_MS = 1_000, RETRY_MAX_MS = 60_000;

/** What the shells are made by, and how many are wanted; asked for again and again. */
export interface PoolSettings {
  readonly size: number;
  /** A shell made from a profile that differs is replaced and never handed out. */
  readonly profile: Profile;
  readonly maxLifetimeMs: number;
}

/** What the pool needs. */
export interface PoolParts {
  readonly engine: Engine;
  readonly leases: Pick<Leases, "take">;
  readonly settings: () => PoolSettings;
  /** How many more sessions may live. */
  readonly places: () => number;
  readonly memoryIsLow: (profile: Profile) => boolean;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A started shell that nobody has yet. */
interface ReadyShell extends AsyncDisposable {
  /** The id of the session that it becomes. */
  readonly id: string;
  readonly shell: Shell;
  readonly lease: Lease;
  readonly profile: Profile;
  readonly winsize: Winsize;
  readonly sinceMs: number;
}

/** A shell with the id of its session; disposing it removes the container. */
export interface OwnedShell extends AsyncDisposable {
  readonly id: string;
  readonly shell: Shell;
  readonly lease: Lease;
}

/**
 * Keeps shells ready, started one at a time. Those that the death of this process leaves are removed
 * by the next agent as it takes the sessions over, or by the sweep.
 */
export class Pool implements AsyncDisposable {
  readonly #parts: PoolParts;
  /** The oldest first. */
  readonly #ready: ReadyShell[] = [];
  readonly #removals = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #failures = 0;
  #notBeforeMs = 0;
  /** People come with the windows that they had before. */
  #lastWinsize: Winsize = { cols: 80, rows: 24 };

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#kept = this.#keep();
  }

  /** How many shells wait. */
  get ready(): number {
    return this.#ready.length;
  }

  /** Whether none waits, as the last ones failed to start. */
  get failing(): boolean {
    return this.#failures > 0 && this.#ready.length === 0;
  }

  /** Hands out a shell that has the given size, or null when none is ready. */
  async claim(winsize: Winsize, signal: AbortSignal): Promise<OwnedShell | null> {
    const { engine, clock } = this.#parts;
    if (isUsual(winsize)) this.#lastWinsize = winsize;
    this.#dropStale();
    const claimed = this.#ready.shift();
    if (!claimed) return null;
    this.#failures = 0;
    this.#pause(REFILL_PAUSE_MS);
    const { id, shell, lease } = claimed;
    const sinceMs = clock.now();
    try {
      if (!isSameSize(claimed.winsize, winsize)) {
        await engine.resize(shell.container, winsize, signal);
      }
    } catch {
      // It has just gone the way of its container, or nobody waits for it any more.
      this.#remove(claimed);
      signal.throwIfAborted();
      return await this.claim(winsize, signal);
    }
    const stages = { create: 0, attach: 0, start: clock.now() - sinceMs };
    return {
      id,
      shell: { ...shell, stages },
      lease,
      [Symbol.asyncDispose]: () => claimed[Symbol.asyncDispose](),
    };
  }

  /** Looks again at once, as the settings or the number of sessions have changed. */
  refresh(): void {
    this.#changed.resolve();
  }

  /** Ends the unclaimed shells; the claimed ones are their owners'. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.refresh();
    await this.#kept;
    for (const ready of this.#ready.splice(0)) this.#remove(ready);
    await Promise.all(this.#removals);
  }

  /** One step after the other: drop what is not wanted, start what is missing, wait. */
  async #keep(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#dropStale();
      const wanted = this.#wanted();
      while (this.#ready.length > wanted) this.#remove(this.#ready.shift()!);
      const pauseMs = this.#notBeforeMs - clock.now();
      if (this.#ready.length < wanted && pauseMs <= 0) {
        await this.#startOne();
        continue;
      }
      const { promise } = this.#changed = Promise.withResolvers();
      const missing = this.#ready.length < wanted;
      using _timer = clock.timer(missing ? pauseMs : CHECK_MS, () => this.refresh());
      if (!signal.aborted) await promise;
    }
  }

  #wanted(): number {
    const { settings, places, memoryIsLow } = this.#parts;
    const { size, profile } = settings();
    const wanted = Math.max(0, Math.min(size, places()));
    if (wanted === 0 || !memoryIsLow(profile)) return wanted;
    this.#pause(LOW_MEMORY_PAUSE_MS);
    return 0;
  }

  #dropStale(): void {
    const { clock, settings } = this.#parts;
    const { profile } = settings();
    const oldestMs = clock.now() - READY_MAX_AGE_MS;
    const isStale = (ready: ReadyShell) =>
      !isSameProfile(ready.profile, profile) || ready.sinceMs <= oldestMs;
    for (const ready of this.#ready.filter(isStale)) this.#drop(ready);
  }

  async #startOne(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const ready = await this.#start();
      this.#ready.push(ready);
      this.#watch(ready);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failed();
      const retrySeconds = Math.ceil((this.#notBeforeMs - clock.now()) / 1000);
      log.warning("a shell could not be made ready; sessions start without", {
        error,
        retrySeconds,
      });
    }
  }

  async #start(): Promise<ReadyShell> {
    const { engine, leases, settings, clock, newId } = this.#parts;
    const { signal } = this.#stop;
    const { profile, maxLifetimeMs } = settings();
    const winsize = this.#lastWinsize;
    const id = newId();
    await using made = new AsyncDisposableStack();
    const record = newRecord("", profile);
    const lease = made.use(await leases.take(id, record));
    const expires = Math.ceil((Date.now() + READY_MAX_AGE_MS + maxLifetimeMs) / 1000);
    const identity = { session: id, user: "", role: "pool", expires } as const;
    const options = { winsize, progress: () => {}, signal, clock };
    const shell = made.use(await startShell(engine, identity, profile, options));
    const resources = made.move();
    return {
      id,
      shell,
      lease,
      profile,
      winsize,
      sinceMs: clock.now(),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }

  /** Replaces a shell whose container died while it waited. */
  async #watch(ready: ReadyShell): Promise<void> {
    const { clock, log } = this.#parts;
    await ready.shell.connection.exitCode.catch(() => {});
    if (!this.#drop(ready) || this.#stop.signal.aborted) return;
    if (clock.now() - ready.sinceMs < EARLY_DEATH_MS) this.#failed();
    else this.#failures = 0;
    log.notice("a shell that was kept ready has ended by itself", { session: ready.id });
    this.refresh();
  }

  #failed(): void {
    this.#pause(Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#failures));
    this.#failures = Math.min(this.#failures + 1, 10);
  }

  #pause(delayMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#parts.clock.now() + delayMs);
    this.refresh();
  }

  /** @returns false when it has been handed out or dropped before */
  #drop(ready: ReadyShell): boolean {
    const at = this.#ready.indexOf(ready);
    if (at < 0) return false;
    this.#ready.splice(at, 1);
    this.#remove(ready);
    return true;
  }

  #remove(ready: ReadyShell): void {
    const removal = this.#end(ready).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  async #end(ready: ReadyShell): Promise<void> {
    try {
      await ready[Symbol.asyncDispose]();
    } catch (error) {
      const session = ready.id;
      this.#parts.log.error("a ready shell was not removed; the sweep will", { session, error });
    }
  }
}

/** A reload makes another object of each profile, which may say the same. */
function isSameProfile(a: Profile, b: Profile): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a window may be the next one's, too: the prompt of a ready shell is drawn for it. */
function isUsual({ cols, rows }: Winsize): boolean {
  return cols >= 20 && cols <= 500 && rows >= 5 && rows <= 200;
}

function isSameSize(a: Winsize, b: Winsize): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}
