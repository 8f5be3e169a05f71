/** A leaky bucket: so much may be used at once, and what was used comes back with time. */
import type { Clock } from "./types.ts";

/** How much fits in, and how fast it comes back; asked again each time. */
export interface BucketRates {
  readonly most: number;
  readonly perSecond: number;
}

/** One for each who has a share of something. */
export class Bucket {
  readonly #clock: Clock;
  readonly #rates: BucketRates;
  #level: number;
  #atMs: number;

  /** Full. */
  constructor(clock: Clock, rates: BucketRates) {
    this.#clock = clock;
    this.#rates = rates;
    this.#level = rates.most;
    this.#atMs = clock.now();
  }

  /** What is left; below zero where more was used than there was. */
  get level(): number {
    return this.#levelAt(this.#clock.now());
  }

  /** How long nothing more is to be used. */
  get waitMs(): number {
    // With time it gets more, so that the clock need not be asked for each of many small things.
    return this.#level >= 0 ? 0 : this.#waitAt(this.level);
  }

  /** Counts what is used; a negative amount gives it back. Returns what `waitMs` is then. */
  spend(amount: number): number {
    const now = this.#clock.now();
    this.#level = this.#levelAt(now) - amount;
    this.#atMs = now;
    return this.#waitAt(this.#level);
  }

  #levelAt(now: number): number {
    const { most, perSecond } = this.#rates;
    return Math.min(most, this.#level + (now - this.#atMs) / 1000 * perSecond);
  }

  #waitAt(level: number): number {
    return Math.max(0, Math.ceil(-level / this.#rates.perSecond * 1000));
  }
}
