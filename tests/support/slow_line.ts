/** One direction of a slow link: when what is handed to it has left, and when it arrives; pure. */

export interface Link {
  readonly bytesPerSecond: number;
  /** How long each byte travels, in each direction. */
  readonly delayMs: number;
}

/** What waits before the link, as in a router; who sends more is made to wait. */
export const QUEUE_BYTES = 64 * 1024;

export class SlowLine {
  readonly #link: Link;
  /** When everything that was handed over has left. */
  #freeMs = -Infinity;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Takes bytes at a time; returns when their last one arrives. */
  take(bytes: number, nowMs: number): number {
    this.#freeMs = Math.max(this.#freeMs, nowMs) + this.#msOf(bytes);
    return this.#freeMs + this.#link.delayMs;
  }

  /** When the queue has room for more. */
  get roomMs(): number {
    return this.#freeMs - this.#msOf(QUEUE_BYTES);
  }

  #msOf(bytes: number): number {
    return bytes / this.#link.bytesPerSecond * 1000;
  }
}
