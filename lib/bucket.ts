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
    const { most, perSecond } = this.#rates;
    return Math.min(most, this.#level + (this.#clock.now() - this.#atMs) / 1000 * perSecond);
  }

  /** How long nothing more is to be used. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(-this.level / this.#rates.perSecond * 1000));
  }

  /** Counts what is used; a negative amount gives it back. */
  spend(amount: number): void {
    this.#level = this.level - amount;
    this.#atMs = this.#clock.now();
  }
}
