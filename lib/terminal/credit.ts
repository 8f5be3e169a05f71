/** How much output may be on its way to a client that has not yet acknowledged it; pure. */
import { FrameError } from "./frame.ts";

/** The most output, in bytes, that the server leaves unacknowledged. */
export const CREDIT_BYTES = 512 * 1024;

/** The acknowledged offset of one output, and what room it leaves. */
export class Credit {
  #acked = 0;

  /** The offset up to which a client has rendered the output. */
  get acked(): number {
    return this.#acked;
  }

  /** How many more bytes may be produced when the output has come to `end`. */
  room(end: number): number {
    return Math.max(0, CREDIT_BYTES - (end - this.#acked));
  }

  /**
   * Takes a client's acknowledgement; one that is older than the last is ignored.
   *
   * @throws {FrameError} when it names output that was never sent
   */
  ack(offset: number, sent: number): void {
    if (offset > sent) throw new FrameError(`an ack of ${offset} is past the ${sent} bytes sent`);
    this.#acked = Math.max(this.#acked, offset);
  }

  /** Starts again at the offset where a returning client stands, be it earlier or later. */
  restart(offset: number): void {
    this.#acked = offset;
  }
}
