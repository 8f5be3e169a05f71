/** Locks a name for a while after too many failures, in the manner of pam_faillock(8); pure. */

/** The most names whose failures are remembered; the one that failed longest ago is forgotten. */
export const TRACKED_NAMES = 10_000;

/** Whether a name may be tried now. */
export type FaillockState =
  | { readonly locked: false }
  | { readonly locked: true; readonly retryAfterMs: number };

/** How many failures lock a name, and for how long. */
export interface FaillockLimits {
  readonly deny: number;
  readonly unlockTimeMs: number;
}

interface Failures {
  count: number;
  latestMs: number;
}

/**
 * Counts failures by name, whether a user has that name or not. `deny` of them lock the name for
 * `unlockTimeMs`; so long without another one, and they are forgotten.
 */
export class Faillock {
  readonly #limits: FaillockLimits;
  /** The one that failed longest ago comes first. */
  readonly #failures = new Map<string, Failures>();
  #latestMs = -Infinity;

  /** @param limits looked at each time, as they may change */
  constructor(limits: FaillockLimits) {
    this.#limits = limits;
  }

  /** Whether a failure may still count: whoever forgets it now unlocks a name. */
  remembers(nowMs: number): boolean {
    return this.#failures.size > 0 && nowMs < this.#latestMs + this.#limits.unlockTimeMs;
  }

  /** Whether the name is locked at this time. */
  check(name: string, nowMs: number): FaillockState {
    const failures = this.#current(name, nowMs);
    if (failures === null || failures.count < this.#limits.deny) return { locked: false };
    return { locked: true, retryAfterMs: failures.latestMs + this.#limits.unlockTimeMs - nowMs };
  }

  /** Counts one failure of the name; a locked one is to be asked of `check` and not tried. */
  fail(name: string, nowMs: number): void {
    const count = (this.#current(name, nowMs)?.count ?? 0) + 1;
    this.#failures.delete(name);
    this.#failures.set(name, { count, latestMs: nowMs });
    this.#latestMs = nowMs;
    if (this.#failures.size > TRACKED_NAMES) {
      const [oldest] = this.#failures.keys();
      this.#failures.delete(oldest!);
    }
  }

  /** Forgets the failures of the name. */
  succeed(name: string): void {
    this.#failures.delete(name);
  }

  #current(name: string, nowMs: number): Failures | null {
    const failures = this.#failures.get(name);
    if (failures === undefined) return null;
    if (nowMs < failures.latestMs + this.#limits.unlockTimeMs) return failures;
    this.#failures.delete(name);
    return null;
  }
}
