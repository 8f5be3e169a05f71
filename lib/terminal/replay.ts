/** The ring of a session's recent output, addressed by absolute offsets; pure. */

const INITIAL_BYTES = 4 * 1024;

/**
 * Keeps the last `capacityBytes` of a stream. It grows as output comes, so that a quiet session
 * costs little.
 */
export class Replay {
  #ring: Uint8Array<ArrayBuffer>;
  #end = 0;

  constructor(readonly capacityBytes: number) {
    this.#ring = new Uint8Array(Math.min(INITIAL_BYTES, capacityBytes));
  }

  /** The offset of the oldest byte that is still kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#ring.length);
  }

  /** The offset of the next byte to come. */
  get end(): number {
    return this.#end;
  }

  /** Adds output; what no longer fits drops off at the start. */
  append(bytes: Uint8Array): void {
    this.#grow(this.#end + bytes.length);
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#ring.length));
    const at = (this.#end + bytes.length - kept.length) % this.#ring.length;
    const untilWrap = Math.min(kept.length, this.#ring.length - at);
    this.#ring.set(kept.subarray(0, untilWrap), at);
    this.#ring.set(kept.subarray(untilWrap), 0);
    this.#end += bytes.length;
  }

  /**
   * Shows bytes from an offset on: as many as lie side by side, at most `maxBytes`. The view is
   * good until the next `append`.
   *
   * @throws {RangeError} when the offset is not kept
   */
  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    if (offset < this.start || offset > this.#end) {
      throw new RangeError(`Cannot replay from ${offset}: ${this.start} to ${this.#end} is kept`);
    }
    const at = offset % this.#ring.length;
    const length = Math.min(maxBytes, this.#end - offset, this.#ring.length - at);
    return this.#ring.subarray(at, at + length);
  }

  /** Makes the ring hold a stream that has come to `end`: little, or else as much as it may. */
  #grow(end: number): void {
    if (end <= this.#ring.length || this.#ring.length === this.capacityBytes) return;
    // Memory that is not written yet costs nothing: no need to grow in steps, and leave each behind.
    const grown = new Uint8Array(this.capacityBytes);
    grown.set(this.#ring.subarray(0, this.#end)); // a ring below its capacity has never wrapped
    this.#ring = grown;
  }
}
