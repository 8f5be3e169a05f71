/** How much work one user's clients may ask for: who asks for more is made to wait. */
import type { Clock } from "../types.ts";

/** What may be asked for at once: more than the longest paste of a page, in kibibytes. */
export const BURST_UNITS = 4096;
/** What may be asked for all the time: far more than anybody types. */
export const UNITS_PER_SECOND = 2000;

/** What input costs: each message as much as a kibibyte. */
export function costOf(payloadBytes: number): number {
  return 1 + Math.floor(payloadBytes / 1024);
}

/** One user's, for all of their connections together. */
export class Allowance {
  readonly #clock: Clock;
  #units = BURST_UNITS;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** What is left; below zero when too much was taken. */
  get units(): number {
    const now = this.#clock.now();
    const more = (now - this.#sinceMs) / 1000 * UNITS_PER_SECOND;
    this.#sinceMs = now;
    return this.#units = Math.min(BURST_UNITS, this.#units + more);
  }

  /** Counts work that is being done. */
  spend(units: number): void {
    this.#units = this.units - units;
  }

  /** How long nothing more is to be taken. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(-this.units / UNITS_PER_SECOND * 1000));
  }
}

/** Everybody's. They are kept, so that nobody gets another by connecting again. */
export class Allowances {
  readonly #clock: Clock;
  /** As many as there are people with an account. */
  readonly #byUser = new Map<string, Allowance>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(user: string): Allowance {
    const known = this.#byUser.get(user) ?? new Allowance(this.#clock);
    this.#byUser.set(user, known);
    return known;
  }
}
