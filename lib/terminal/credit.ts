/** How much output may be on its way to a client that has not yet acknowledged it; pure. */
import { FrameError } from "../protocol/frame.ts";

/** The most output, in bytes, that the server leaves unacknowledged. */
export const CREDIT_BYTES = 512 * 1024;

/** The acknowledged offset of one output, and what room it leaves. */
export class Credit {
  #acked = 0;
  /** Output that the client was not sent but told to pass over. */
  #skipped = { from: 0, to: 0 };

  /** The offset up to which a client has rendered the output. */
  get acked(): number {
    return this.#acked;
  }

  /** How many bytes up to `end` are neither acknowledged nor skipped. */
  unacknowledged(end: number): number {
    const { from, to } = this.#skipped;
    const skipped = Math.max(0, Math.min(to, end) - Math.max(from, this.#acked));
    return Math.max(0, end - this.#acked - skipped);
  }

  /** How many more bytes may be produced when the output has come to `end`. */
  room(end: number): number {
    return Math.max(0, CREDIT_BYTES - this.unacknowledged(end));
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

  /**
   * Takes note that the client was told to pass over some output. Only the last skip is known:
   * an older one counts as sent until it is acknowledged, which errs on the safe side.
   */
  skip(from: number, to: number): void {
    this.#skipped = { from: from === this.#skipped.to ? this.#skipped.from : from, to };
  }

  /** Starts again at the offset where a returning client stands, earlier or later. */
  restart(offset: number): void {
    this.#acked = offset;
    this.#skipped = { from: 0, to: 0 };
  }
}
