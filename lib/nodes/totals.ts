/** Adds up what machines count, so that the sums grow though a machine goes away or begins again. */
import { type Counts, sumOf } from "../protocol/counts.ts";

export class Totals {
  /** What machines said last, by their names. */
  readonly #last = new Map<string, Counts>();
  /** What runs of agents that are over came to, and machines that were removed. */
  #before = sumOf([]);

  /** Whether any machine has said something yet. */
  get known(): boolean {
    return this.#last.size > 0;
  }

  /**
   * The counts of all.
   *
   * @param said what those say that answer
   * @param names all machines; of others no more will come
   */
  take(said: ReadonlyMap<string, Counts>, names: ReadonlySet<string>): Counts {
    for (const [name, counts] of said) {
      // An agent before 0.4 does not say when it has begun again.
      if (this.#last.get(name)?.run !== counts.run) this.#end(name);
      this.#last.set(name, counts);
    }
    for (const name of this.#last.keys()) if (!names.has(name)) this.#end(name);
    const { sessions, attached, ready, draining } = sumOf([...said.values()]);
    return {
      ...sumOf([this.#before, ...this.#last.values()]),
      ...{ sessions, attached, ready, draining },
    };
  }

  #end(name: string): void {
    const last = this.#last.get(name);
    if (last) this.#before = sumOf([this.#before, last]);
    this.#last.delete(name);
  }
}
