/** How many streams of events each person has, of as many as they may have at once; pure. */

/** A page that somebody looks at has one, and a program or two. */
const MOST = 12;

export class Seats {
  readonly #taken = new Map<string, number>();

  /** @returns whether there is one */
  take(user: string): boolean {
    const taken = this.#taken.get(user) ?? 0;
    if (taken >= MOST) return false;
    this.#taken.set(user, taken + 1);
    return true;
  }

  leave(user: string): void {
    const left = (this.#taken.get(user) ?? 1) - 1;
    if (left > 0) this.#taken.set(user, left);
    else this.#taken.delete(user);
  }
}
