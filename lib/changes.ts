/** Counts changes, so that others can wait for the next one; pure. */
import { whenAborted } from "./clock.ts";

export class Changes {
  #count: number;
  #next = Promise.withResolvers<void>();

  /** @param count where it begins: what waits for the changes of another process must not take these for them */
  constructor(count = 0) {
    this.#count = count;
  }

  note(): void {
    this.#count++;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /**
   * Resolves to the count once that is another than the one that is known, at once where it is; to the
   * same when the signal is aborted.
   */
  async after(known: number | null, signal: AbortSignal): Promise<number> {
    if (known === this.#count && !signal.aborted) {
      const over = Promise.withResolvers<void>();
      using _abort = whenAborted(signal, over.resolve);
      await Promise.race([this.#next.promise, over.promise]);
    }
    return this.#count;
  }

  /** Calls back now and after each change, of several at once a single time; until the signal is aborted. */
  async each(told: () => void, signal: AbortSignal): Promise<void> {
    for (let known: number | null = null; !signal.aborted;) {
      known = await this.after(known, signal);
      if (!signal.aborted) told();
    }
  }
}
