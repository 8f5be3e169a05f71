/** How far one connection's output has come, and when to tell the server; pure. */

/** The most rendered output that is left unacknowledged while more is coming. */
export const ACK_BYTES = 32 * 1024;

/** Counts output from the offset that `ready` named. Bytes are received in order and rendered in order. */
export class Offsets {
  #received: number;
  #rendered: number;
  #acked: number;

  constructor(start: number) {
    this.#received = this.#rendered = this.#acked = start;
  }

  /** The offset of the next output byte: what a returning connection asks for. */
  get next(): number {
    return this.#received;
  }

  /** The offset up to which the terminal has drawn. */
  get drawn(): number {
    return this.#rendered;
  }

  /** The terminal was given this many bytes to draw. */
  received(bytes: number): void {
    this.#received += bytes;
  }

  /**
   * The terminal has drawn this many bytes.
   *
   * @returns the offset to acknowledge: every `ACK_BYTES`, and whenever nothing is left to draw
   */
  rendered(bytes: number): number | null {
    this.#rendered += bytes;
    const quiet = this.#rendered === this.#received;
    if (!quiet && this.#rendered - this.#acked < ACK_BYTES) return null;
    this.#acked = this.#rendered;
    return this.#rendered;
  }
}
