/** When output goes to the client: alone at once, many small pieces together; pure. */

/** How long small pieces wait for each other. */
export const GATHER_MS = 2;
/** What goes at once, however soon after the last. */
export const PLENTY_BYTES = 4 * 1024;

/** The rhythm of one client's output. */
export class Pace {
  #sentMs = -Infinity;
  /** Whether input came since the last send: then what comes next is its echo. */
  #echoDue = false;

  /** Input was passed to the shell. */
  typed(): void {
    this.#echoDue = true;
  }

  /** Output was sent. */
  sent(nowMs: number): void {
    this.#sentMs = nowMs;
    this.#echoDue = false;
  }

  /** How long so much output has to wait for more; 0 or less when it goes now. */
  waitMs(pendingBytes: number, nowMs: number): number {
    if (this.#echoDue || pendingBytes >= PLENTY_BYTES) return 0;
    return this.#sentMs + GATHER_MS - nowMs;
  }
}
