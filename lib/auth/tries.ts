/** How often strangers may try something costly: so often from one address, and so often in all. */
import { Bucket, type BucketRates } from "../bucket.ts";
import type { Clock } from "../types.ts";

/** How many addresses are remembered; the one that came longest ago is forgotten first. */
export const SOURCES = 1_000;

export interface TriesRates {
  readonly perSource: BucketRates;
  readonly total: BucketRates;
}

export class Tries {
  readonly #clock: Clock;
  readonly #rates: TriesRates;
  readonly #total: Bucket;
  /** At most `SOURCES`; the one that came last is the last. */
  readonly #bySource = new Map<string, Bucket>();

  constructor(clock: Clock, rates: TriesRates) {
    this.#clock = clock;
    this.#rates = rates;
    this.#total = new Bucket(clock, rates.total);
  }

  /** Counts a try. @returns how long to wait where it is one too many, which is not counted; else 0 */
  spend(source: string): number {
    const own = this.#bySource.get(source) ?? new Bucket(this.#clock, this.#rates.perSource);
    this.#bySource.delete(source);
    this.#bySource.set(source, own);
    if (this.#bySource.size > SOURCES) {
      const [longest] = this.#bySource.keys();
      this.#bySource.delete(longest!);
    }
    const waitMs = Math.max(
      missingMs(own, this.#rates.perSource),
      missingMs(this.#total, this.#rates.total),
    );
    if (waitMs > 0) return waitMs;
    own.spend(1);
    this.#total.spend(1);
    return 0;
  }
}

/** How long until there is a whole one in a bucket. */
function missingMs({ level }: Bucket, { perSecond }: BucketRates): number {
  return level >= 1 ? 0 : Math.ceil((1 - level) / perSecond * 1000);
}
