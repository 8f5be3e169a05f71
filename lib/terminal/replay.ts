/** The ring of a session's recent output, addressed by absolute offsets; pure. */
import { concat } from "../bytes.ts";
import { Modes } from "./modes.ts";

const INITIAL_BYTES = 4 * 1024;

/**
 * Keeps the last `capacityBytes` of a stream, and how what dropped off has set the terminal. It grows
 * as output comes, so that a quiet session costs little.
 */
export class Replay {
  #ring: Uint8Array<ArrayBuffer>;
  /** How many bytes it was given. */
  #length = 0;

  /** The offset of the first byte it was given. */
  #base: number;

  /** As the oldest byte finds the terminal. */
  readonly #dropped: Modes;
  /** Where it was asked for last: who asks again and again need not have all read each time. */
  #asked: { readonly modes: Modes; at: number } | null = null;

  /** @param modes how the terminal is set before the first byte; see {@linkcode Modes.text} */
  constructor(readonly capacityBytes: number, base = 0, modes = "") {
    this.#base = base;
    this.#dropped = new Modes(modes);
    this.#ring = new Uint8Array(Math.min(INITIAL_BYTES, capacityBytes));
  }

  /** The offset of the oldest byte that is still kept. */
  get start(): number {
    return this.#base + Math.max(0, this.#length - this.#ring.length);
  }

  /** The offset of the next byte to come. */
  get end(): number {
    return this.#base + this.#length;
  }

  /** Adds output; what no longer fits drops off at the start. */
  append(bytes: Uint8Array): void {
    this.#grow(this.#length + bytes.length);
    this.#drop(bytes);
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#ring.length));
    const at = (this.#length + bytes.length - kept.length) % this.#ring.length;
    const untilWrap = Math.min(kept.length, this.#ring.length - at);
    this.#ring.set(kept.subarray(0, untilWrap), at);
    this.#ring.set(kept.subarray(untilWrap), 0);
    this.#length += bytes.length;
  }

  /**
   * Shows bytes from an offset on: as many as lie side by side, at most `maxBytes`. The view is
   * good until the next `append`.
   *
   * @throws {RangeError} when the offset is not kept
   */
  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    if (offset < this.start || offset > this.end) {
      throw new RangeError(`Cannot replay from ${offset}: ${this.start} to ${this.end} is kept`);
    }
    const at = (offset - this.#base) % this.#ring.length;
    const length = Math.min(maxBytes, this.end - offset, this.#ring.length - at);
    return this.#ring.subarray(at, at + length);
  }

  /** Gives the oldest byte kept another offset, and so all that follow. */
  rebase(start: number): void {
    this.#base += start - this.start;
    this.#asked = null;
  }

  /**
   * What sets a terminal that was reset as output from an offset on needs it.
   *
   * @throws {RangeError} when the offset is not kept
   */
  modesAt(offset: number): string {
    this.peek(offset, 0);
    const before = this.#asked;
    const isNear = before !== null && before.at >= this.start && before.at <= offset;
    const asked = this.#asked = isNear
      ? before
      : { modes: new Modes(this.#dropped.text), at: this.start };
    this.#read(asked.modes, asked.at, offset);
    asked.at = offset;
    return asked.modes.text;
  }

  /** A copy of the last bytes, at most `maxBytes`. */
  latest(maxBytes: number): Uint8Array<ArrayBuffer> {
    const from = Math.max(this.start, this.end - maxBytes);
    const first = this.peek(from, maxBytes);
    return concat([first, this.peek(from + first.length, maxBytes)]);
  }

  /** Takes note of what is lost when more is added. */
  #drop(more: Uint8Array): void {
    const start = Math.max(this.start, this.end + more.length - this.#ring.length);
    this.#read(this.#dropped, this.start, Math.min(start, this.end));
    if (start > this.end) this.#dropped.read(more.subarray(0, start - this.end));
  }

  #read(modes: Modes, from: number, to: number): void {
    for (let at = from; at < to;) {
      const bytes = this.peek(at, to - at);
      modes.read(bytes);
      at += bytes.length;
    }
  }

  /** Makes the ring hold a stream that has `length` bytes: little, or else as much as it may. */
  #grow(length: number): void {
    if (length <= this.#ring.length || this.#ring.length === this.capacityBytes) return;
    // Memory that is not written yet costs nothing: no need to grow in steps, and leave each behind.
    const grown = new Uint8Array(this.capacityBytes);
    grown.set(this.#ring.subarray(0, this.#length)); // a ring below its capacity has never wrapped
    this.#ring = grown;
  }
}
