/** Numbers that look random and are the same for the same seed. */

/** What may be picked, each with its weight. */
export type Choices<T extends string> = Readonly<Record<T, number>>;

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1 (splitmix32). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` up to, and without, `most`. */
  between(least: number, most: number): number {
    return Math.floor(least + this.next() * (most - least));
  }

  pick<T extends string>(choices: Choices<T>): T {
    const entries = Object.entries(choices) as [T, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of entries) {
      if ((left -= weight) < 0) return choice;
    }
    return entries[0]![0];
  }

  /** Another one, so that what it gives does not depend on what else is asked of this one. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
