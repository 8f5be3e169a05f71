/** When a session has lived, or stood idle, for long enough. */
import type { Clock } from "../types.ts";

/** How long a session may last, in milliseconds. */
export interface LifetimeLimits {
  readonly idleTimeoutMs: number;
  /** How long before the idle end to warn; half of `idleTimeoutMs` where it is no shorter than that. */
  readonly idleWarningMs: number;
  readonly maxLifetimeMs: number;
  /** How long it outlives its last viewer. */
  readonly reconnectGraceMs: number;
  /** For how long a person may have it kept while they are away. */
  readonly detachMaxMs: number;
}

/** How long a session lasts as things are, in milliseconds. */
export interface Lasts {
  /** Without input. */
  readonly idleTimeoutMs: number;
  /** Without a viewer. */
  readonly graceMs: number;
  /** For how long the person wants it kept while they are away; 0 where nobody asked. */
  readonly keptMs: number;
  readonly detachMaxMs: number;
  /** Until it has lived for as long as it may. */
  readonly leftMs: number;
  /** How long it has been there. */
  readonly ageMs: number;
}

/** What counts already: its age, the time without input, and what the person wanted. */
interface Past {
  readonly ageMs: number;
  readonly idleMs: number;
  readonly keptMs: number;
}

/** Counts idle time and age; only `touch` counts as activity. */
export class Lifetime implements Disposable {
  readonly #clock: Clock;
  readonly #limits: LifetimeLimits;
  readonly #warningMs: number;
  #keptMs: number;
  readonly #onWarning: (remainingMs: number) => void;
  readonly #over = new AbortController();
  readonly #born: number;
  #touched: number;
  #timer: Disposable;
  #warned = false;

  constructor(
    clock: Clock,
    limits: LifetimeLimits,
    onWarning: (remainingMs: number) => void,
    past: Past = { ageMs: 0, idleMs: 0, keptMs: 0 },
  ) {
    this.#clock = clock;
    this.#limits = limits;
    const { idleTimeoutMs, idleWarningMs } = limits;
    this.#warningMs = idleWarningMs < idleTimeoutMs ? idleWarningMs : idleTimeoutMs / 2;
    this.#keptMs = Math.min(past.keptMs, limits.detachMaxMs);
    this.#onWarning = onWarning;
    this.#born = clock.now() - past.ageMs;
    this.#touched = clock.now() - past.idleMs;
    this.#timer = this.#arm();
  }

  /** Aborted with the reason "idle" or "lifetime" when the time is up. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** How long the session lasts as things are. */
  get lasts(): Lasts {
    const { reconnectGraceMs, maxLifetimeMs, detachMaxMs } = this.#limits;
    return {
      idleTimeoutMs: this.#idleTimeoutMs,
      graceMs: Math.max(reconnectGraceMs, this.#keptMs),
      keptMs: this.#keptMs,
      detachMaxMs,
      leftMs: Math.max(0, this.#born + maxLifetimeMs - this.#clock.now()),
      ageMs: Math.max(0, this.#clock.now() - this.#born),
    };
  }

  /** The person wants it kept for so long while they are away. */
  detach(forMs: number): void {
    this.#keptMs = Math.min(forMs, this.#limits.detachMaxMs);
    this.#warned = false;
    this.#timer[Symbol.dispose]();
    this.#timer = this.#arm();
  }

  get #idleTimeoutMs(): number {
    return Math.max(this.#limits.idleTimeoutMs, this.#keptMs);
  }

  /** Milliseconds since the last activity. */
  get idleMs(): number {
    return this.#clock.now() - this.#touched;
  }

  /** Notes activity. Cheap: the running timer is left alone and looks again when it fires. */
  touch(): void {
    this.#touched = this.#clock.now();
    if (!this.#warned) return;
    this.#warned = false;
    this.#timer[Symbol.dispose]();
    this.#timer = this.#arm();
  }

  /** Warns again if a warning is out: for a viewer that has just come. */
  repeatWarning(): void {
    if (this.#warned) this.#onWarning(this.#idleTimeoutMs - this.idleMs);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #arm(): Disposable {
    const now = this.#clock.now();
    const idleEnd = this.#touched + this.#idleTimeoutMs;
    const due = Math.min(
      this.#born + this.#limits.maxLifetimeMs,
      this.#warned ? idleEnd : idleEnd - this.#warningMs,
    );
    return this.#clock.timer(Math.max(0, Math.ceil(due - now)), () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const idleLeftMs = this.#touched + this.#idleTimeoutMs - now;
    if (now >= this.#born + this.#limits.maxLifetimeMs) return this.#over.abort("lifetime");
    if (idleLeftMs <= 0) return this.#over.abort("idle");
    if (idleLeftMs <= this.#warningMs && !this.#warned) {
      this.#warned = true;
      this.#onWarning(idleLeftMs);
    }
    this.#timer = this.#arm();
  }
}
