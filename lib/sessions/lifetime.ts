/** When a session has lived, or stood idle, for long enough. */
import type { Clock } from "../types.ts";

/** How long a session may last, in milliseconds. */
export interface LifetimeLimits {
  readonly idleTimeoutMs: number;
  /** How long before the idle end to warn; half of `idleTimeoutMs` where it is no shorter than that. */
  readonly idleWarningMs: number;
  readonly maxLifetimeMs: number;
}

/** Counts idle time and age; only `touch` counts as activity. */
export class Lifetime implements Disposable {
  readonly #clock: Clock;
  readonly #limits: LifetimeLimits;
  readonly #warningMs: number;
  readonly #onWarning: (remainingMs: number) => void;
  readonly #over = new AbortController();
  readonly #born: number;
  #touched: number;
  #timer: Disposable;
  #warned = false;

  /** @param past the age and the idle time that count already */
  constructor(
    clock: Clock,
    limits: LifetimeLimits,
    onWarning: (remainingMs: number) => void,
    past: { readonly ageMs: number; readonly idleMs: number } = { ageMs: 0, idleMs: 0 },
  ) {
    this.#clock = clock;
    this.#limits = limits;
    const { idleTimeoutMs, idleWarningMs } = limits;
    this.#warningMs = idleWarningMs < idleTimeoutMs ? idleWarningMs : idleTimeoutMs / 2;
    this.#onWarning = onWarning;
    this.#born = clock.now() - past.ageMs;
    this.#touched = clock.now() - past.idleMs;
    this.#timer = this.#arm();
  }

  /** Aborted with the reason "idle" or "lifetime" when the time is up. */
  get over(): AbortSignal {
    return this.#over.signal;
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
    if (this.#warned) this.#onWarning(this.#limits.idleTimeoutMs - this.idleMs);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #arm(): Disposable {
    const now = this.#clock.now();
    const idleEnd = this.#touched + this.#limits.idleTimeoutMs;
    const due = Math.min(
      this.#born + this.#limits.maxLifetimeMs,
      this.#warned ? idleEnd : idleEnd - this.#warningMs,
    );
    return this.#clock.timer(Math.max(0, Math.ceil(due - now)), () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const idleLeftMs = this.#touched + this.#limits.idleTimeoutMs - now;
    if (now >= this.#born + this.#limits.maxLifetimeMs) return this.#over.abort("lifetime");
    if (idleLeftMs <= 0) return this.#over.abort("idle");
    if (idleLeftMs <= this.#warningMs && !this.#warned) {
      this.#warned = true;
      this.#onWarning(idleLeftMs);
    }
    this.#timer = this.#arm();
  }
}
