/** How much work one user's clients may ask for: who asks for more is made to wait. */
import { Bucket } from "../bucket.ts";
import type { Clock } from "../types.ts";

/** What may be asked for at once: more than the longest paste of a page, in kibibytes. */
export const BURST_UNITS = 4096;
/** What may be asked for all the time: far more than anybody types. */
export const UNITS_PER_SECOND = 2000;

/** What input costs: each message as much as a kibibyte. */
export function costOf(payloadBytes: number): number {
  return 1 + Math.floor(payloadBytes / 1024);
}

const RATES = { most: BURST_UNITS, perSecond: UNITS_PER_SECOND };

/** What is passed on as it is, to a port of a machine: 32 MiB a second and as much again at once. */
export const CARRIED = { most: 32 * 1024, perSecond: 32 * 1024 };

/** Everybody's. They are kept, so that nobody gets another by connecting again. */
export class Allowances {
  readonly #clock: Clock;
  readonly #rates: typeof RATES;
  /** As many as there are people with an account. */
  readonly #byUser = new Map<string, Bucket>();

  constructor(clock: Clock, rates = RATES) {
    [this.#clock, this.#rates] = [clock, rates];
  }

  /** One user's, for all of their connections together. */
  of(user: string): Bucket {
    const known = this.#byUser.get(user) ?? new Bucket(this.#clock, this.#rates);
    this.#byUser.set(user, known);
    return known;
  }
}
