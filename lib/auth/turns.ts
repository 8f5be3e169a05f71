/** Lets work begin one at a time; those who ask take turns, so that none can shut the others out. */

/** The most pieces of work that wait. */
export const WAITING = 64;

/** Who asks for a turn. */
export interface Asker {
  /** Whose share of the turns it takes, such as an address. */
  readonly share: string;
  /** Whether its share comes before those of which nothing is known. */
  readonly preferred: boolean;
}

/** All places to wait in are taken, by others who ask for no more than this one. */
export class NoTurnError extends Error {
  override readonly name = "NoTurnError";

  constructor() {
    super(`Cannot wait for a turn: ${WAITING} others wait already; try again shortly`);
  }
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: unknown) => void;
}

/** Queues by who has them, the one whose turn is next first; none is empty. */
type Queues = Map<string, Waiting[]>;

/** One piece of work at a time. */
export class Turns {
  readonly #preferred: Queues = new Map();
  readonly #others: Queues = new Map();
  #waiting = 0;
  #phase: "free" | "taken" = "free";

  /**
   * Does the work when its turn has come. Where too many wait, the share with the most of them
   * loses its latest.
   *
   * @param signal withdraws what has not begun; the work sees to itself
   * @throws {NoTurnError} when there is no place to wait in
   */
  async take<T>(asker: Asker, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#phase === "taken") await this.#wait(asker, signal);
    this.#phase = "taken";
    try {
      return await work();
    } finally {
      this.#phase = "free";
      this.#next();
    }
  }

  async #wait({ share, preferred }: Asker, signal?: AbortSignal): Promise<void> {
    const shares = preferred ? this.#preferred : this.#others;
    if (this.#waiting >= WAITING) this.#makeRoom(shares.get(share)?.length ?? 0, preferred);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { begin: resolve, refuse: reject };
    const queue = shares.get(share) ?? [];
    shares.set(share, queue);
    queue.push(waiting);
    this.#waiting++;
    const withdraw = () => {
      if (this.#remove(shares, share, queue.indexOf(waiting))) reject(signal?.reason);
    };
    signal?.addEventListener("abort", withdraw, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", withdraw);
    }
  }

  /**
   * Refuses the latest of the longest share: of one that is not preferred to make room for one that
   * is, else of one that has more than who asks would have.
   */
  #makeRoom(own: number, preferred: boolean): void {
    const shares = preferred && this.#others.size === 0 ? this.#preferred : this.#others;
    const [longest] = [...shares].toSorted(([, a], [, b]) => b.length - a.length);
    const [share, queue] = longest ?? ["", []];
    const yields = preferred && shares === this.#others ? 1 : own + 2;
    if (queue.length < yields) throw new NoTurnError();
    const latest = queue.at(-1)!;
    this.#remove(shares, share, queue.length - 1);
    latest.refuse(new NoTurnError());
  }

  #remove(shares: Queues, share: string, at: number): boolean {
    const queue = shares.get(share);
    if (queue === undefined || at < 0) return false;
    queue.splice(at, 1);
    if (queue.length === 0) shares.delete(share);
    this.#waiting--;
    return true;
  }

  #next(): void {
    const shares = this.#preferred.size > 0 ? this.#preferred : this.#others;
    const [first] = shares;
    if (!first) return;
    const [share, queue] = first;
    const { begin } = queue.shift()!;
    this.#waiting--;
    shares.delete(share);
    if (queue.length > 0) shares.set(share, queue); // now the last of them
    this.#phase = "taken"; // before anybody else asks
    begin();
  }
}
