/** A session's output between the container that writes it and the one viewer that follows it. */
import { abortable } from "@std/async/abortable";
import { Credit, CREDIT_BYTES } from "./credit.ts";
import { FrameError } from "./frame.ts";
import { Replay } from "./replay.ts";

/**
 * One ring with a writing end, gated by credit, and a reading end, which may leave and return.
 * The writer never gets further than `CREDIT_BYTES` past what a viewer acknowledged, so whatever
 * is unacknowledged is still in the ring: nothing is dropped, nothing piles up.
 */
export class Output {
  readonly #replay: Replay;
  readonly #credit = new Credit();
  #phase: "open" | "closed" = "open";
  #changed = Promise.withResolvers<void>();

  constructor(replayBytes: number) {
    this.#replay = new Replay(Math.max(replayBytes, CREDIT_BYTES));
  }

  /** The offset of the next byte to come. */
  get end(): number {
    return this.#replay.end;
  }

  /** The offset up to which a viewer has acknowledged. */
  get acked(): number {
    return this.#credit.acked;
  }

  /** Whether all output has come. */
  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** Adds output and wakes the viewer. */
  append(bytes: Uint8Array): void {
    this.#replay.append(bytes);
    this.#wake();
  }

  /** Says that no more output comes. */
  close(): void {
    this.#phase = "closed";
    this.#wake();
  }

  /** Waits until the writer may add output; resolves with how many bytes, 0 once it is closed. */
  async room(): Promise<number> {
    while (this.#phase === "open") {
      const room = this.#credit.room(this.end);
      if (room > 0) return room;
      await this.#changed.promise;
    }
    return 0;
  }

  /** Shows output that has come since an offset; see {@linkcode Replay.peek}. */
  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    return this.#replay.peek(offset, maxBytes);
  }

  /** Waits until there is output past an offset (true), or until no more comes (false). */
  async after(offset: number, signal: AbortSignal): Promise<boolean> {
    while (this.end <= offset) {
      if (this.#phase === "closed") return false;
      await abortable(this.#changed.promise, signal);
    }
    return true;
  }

  /** Takes an acknowledgement; see {@linkcode Credit.ack}. */
  ack(offset: number, sent: number): void {
    this.#credit.ack(offset, sent);
    this.#wake();
  }

  /**
   * Begins at a viewer's offset, or at the oldest byte kept when that is later; resolves the
   * writer's wait when the viewer is further than the last one.
   *
   * @returns the offset of the first byte the viewer gets
   * @throws {FrameError} when the viewer claims output that has not come yet
   */
  follow(offset: number): number {
    if (offset > this.end) {
      throw new FrameError(`offset ${offset} is past the output, which has come to ${this.end}`);
    }
    const from = Math.max(offset, this.#replay.start);
    this.#credit.restart(from);
    this.#wake();
    return from;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
