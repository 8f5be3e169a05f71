/** Gives out the places for connections: an address may use what others leave, but never the last of them. */

/** The last tenth of the places is kept for addresses that hold few. */
const KEPT_SHARE = 0.1;
const FEW = 16;

/** Who holds a place. */
export interface Guest {
  /** Null for a proxy's connection while it speaks for nobody. */
  source: string | null;
  /** Whether it can be cut for another's sake; terminals cannot. */
  readonly yields: boolean;
  cut(): void;
}

/** The places of a listener, or of all listeners together. */
export class Places {
  readonly #most: number;
  readonly #guests = new Map<string | null, Set<Guest>>();
  #taken = 0;

  /** @param most how many connections there may be */
  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place; where there is none, the address that holds the most gives one up. @returns whether it has one */
  enter(guest: Guest): boolean {
    if (!this.#makeRoomFor(guest.source)) return false;
    this.#add(guest);
    return true;
  }

  /** A proxy's connection speaks for this source now. @returns whether that has a place; if not, all stays */
  speak(guest: Guest, source: string | null): boolean {
    const before = guest.source;
    if (before === source) return true;
    if (!this.leave(guest)) return false;
    guest.source = source;
    if (this.enter(guest)) return true;
    guest.source = before;
    this.#add(guest);
    return false;
  }

  /** @returns whether it had a place */
  leave(guest: Guest): boolean {
    const held = this.#guests.get(guest.source);
    if (!held?.delete(guest)) return false;
    this.#taken--;
    if (held.size === 0) this.#guests.delete(guest.source);
    return true;
  }

  #add(guest: Guest): void {
    const held = this.#guests.get(guest.source) ?? new Set();
    this.#guests.set(guest.source, held.add(guest));
    this.#taken++;
  }

  #makeRoomFor(source: string | null): boolean {
    const isFull = this.#taken >= this.#most;
    if (this.#taken < this.#most * (1 - KEPT_SHARE)) return true;
    const own = this.#guests.get(source)?.size ?? 0;
    if (!isFull && (source === null || own < Math.min(FEW, this.#most * KEPT_SHARE))) return true;
    const largest = this.#largest();
    if (source !== null && own + 1 >= largest.size) return false;
    // The one that has come first has had the longest time to ask for something.
    const yielding = largest.values().find((guest) => guest.yields);
    if (yielding === undefined) return false;
    this.leave(yielding);
    yielding.cut();
    return true;
  }

  /** The guests of the source that has most; proxies speak for many. */
  #largest(): Set<Guest> {
    let most = new Set<Guest>();
    for (const [source, held] of this.#guests) {
      if (source !== null && held.size > most.size) most = held;
    }
    return most;
  }
}
