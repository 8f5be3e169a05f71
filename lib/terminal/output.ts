/** A session's output between the container that writes it, its one viewer, and guests. */
import { abortable } from "../clock.ts";
import { Credit, CREDIT_BYTES } from "./credit.ts";
import { FrameError } from "../protocol/frame.ts";
import { Replay } from "./replay.ts";
import type { Skipped, Source } from "./source.ts";

/** The end of a flood that is shown even when the person interrupted it. */
export const KEPT_BYTES = 64 * 1024;

/**
 * What is read past the credit after an interrupt. The program writes on until the interrupt has
 * passed Docker, which took over 1 MiB of a fast one; but it may also ignore it.
 */
export const OVERRUN_BYTES = 8 * 1024 * 1024;

/** A read that was begun with credit may end when a viewer that came back has used it up. */
const READING_BYTES = 64 * 1024;

/** How far to look for the start of a line, to begin there after a skip. */
const LINE_BYTES = 4 * 1024;
const NEWLINE = 10;

/** Output that came before, the offset after its last byte, and how its first one finds the terminal. */
interface Past {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: number;
  readonly modes?: string;
}

/**
 * One ring with a writing end, gated by credit, and a reading end, which may leave and return.
 * The writer never gets further than `CREDIT_BYTES`, and the read that is under way, past what a
 * viewer acknowledged, so whatever is unacknowledged is still in the ring: nothing is dropped,
 * nothing piles up. Only while a person
 * interrupts a flood, the writer goes on, and the viewer passes over what it has not been sent.
 * Guests read the ring beside the viewer; nothing waits for them.
 */
export class Output implements Source {
  #replay!: Replay;
  /** How far back a viewer may begin. */
  readonly #keptBytes: number;
  readonly #credit = new Credit();
  #phase: "open" | "closed" = "open";
  #changed = Promise.withResolvers<void>();
  #listener: (() => void) | null = null;
  /** As many as there are guests. */
  readonly #watchers = new Set<() => void>();
  /** What may still be read without credit. */
  #overrunBytes = 0;
  #seen = 0;
  /** A viewer that has not come this far passes over what is before it. */
  #skipTo = 0;

  constructor(replayBytes: number, past?: Past) {
    this.#keptBytes = Math.max(replayBytes, CREDIT_BYTES);
    this.restart(past ?? { bytes: new Uint8Array(), end: 0 });
  }

  /** Forgets all output and begins with another; all who follow or listen must have gone. */
  restart({ bytes, end, modes }: Past): void {
    this.#replay = new Replay(this.#keptBytes + READING_BYTES, end - bytes.length, modes);
    this.#replay.append(bytes);
    this.#credit.restart(end);
    this.#seen = end;
    this.#listener = null;
    this.#watchers.clear();
    this.#wake();
  }

  /** The offset of the oldest byte that is still there. */
  get start(): number {
    return this.#replay.start;
  }

  /** The offset of the next byte to come. */
  get end(): number {
    return this.#replay.end;
  }

  /** The offset up to which a viewer has acknowledged. */
  get acked(): number {
    return this.#credit.acked;
  }

  /** The offset up to which any viewer has ever acknowledged, or what came before ends. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether more of it waits for a viewer's acknowledgement, be there one or not. */
  get blocked(): boolean {
    return this.#credit.room(this.end) <= 0 && !this.overruns;
  }

  /** Whether all output has come. */
  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** Whether output is read without credit, because an interrupt is under way. */
  get overruns(): boolean {
    return this.#overrunBytes > 0;
  }

  /** Adds output and wakes the viewer. */
  append(bytes: Uint8Array): void {
    this.#replay.append(bytes);
    if (this.overruns) {
      this.#overrunBytes = Math.max(0, this.#overrunBytes - bytes.length);
      this.#skipTo = this.end - KEPT_BYTES;
    }
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
      const room = Math.max(this.#credit.room(this.end), this.#overrunBytes);
      if (room > 0) return room;
      await this.#changed.promise;
    }
    return 0;
  }

  /** A copy of the latest output, at most `maxBytes`. */
  latest(maxBytes: number): Uint8Array<ArrayBuffer> {
    return this.#replay.latest(maxBytes);
  }

  /** The same with all that another must know to go on from there. */
  tail(maxBytes: number): Past {
    const bytes = this.latest(maxBytes);
    const modes = this.modesAt(this.end - bytes.length);
    return { bytes, end: this.end, ...(modes !== "" && { modes }) };
  }

  /** What sets a terminal that was reset as output from an offset on needs it; it must be kept. */
  modesAt(offset: number): string {
    return this.#replay.modesAt(offset);
  }

  /** Waits until there is output past an offset (true), or until no more comes (false). */
  async after(offset: number, signal: AbortSignal): Promise<boolean> {
    while (this.end <= offset) {
      if (this.#phase === "closed") return false;
      await abortable(this.#changed.promise, signal);
    }
    return true;
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
    const from = Math.max(offset, this.end - this.#keptBytes, this.#replay.start);
    this.#credit.restart(from);
    this.#overrunBytes = this.#skipTo = 0;
    this.#wake();
    return from;
  }

  /** Gives the oldest byte kept an offset, and so all that follow: clients begin again. */
  rebase(start: number): void {
    this.#replay.rebase(start);
    this.#seen = this.end;
  }

  /** Resolves at the next change: more output, an acknowledgement, a touch. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Lets those who wait for a change look again. */
  touch(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Calls back at once whenever something changes, in the place of the listener before. */
  listen(listener: () => void): Disposable {
    this.#listener = listener;
    return {
      [Symbol.dispose]: () => {
        if (this.#listener === listener) this.#listener = null;
      },
    };
  }

  /** The same beside that one and after it, for guests. */
  watch(watcher: () => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  /** Shows output that has come since an offset; see {@linkcode Replay.peek}. */
  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    return this.#replay.peek(offset, maxBytes);
  }

  /** How much more may be sent to a viewer that was sent so much. */
  allowance(sent: number): number {
    return this.#credit.room(sent);
  }

  /** Takes an acknowledgement; see {@linkcode Credit.ack}. */
  ack(offset: number, sent: number): void {
    this.#credit.ack(offset, sent);
    this.#seen = Math.max(this.#seen, offset);
    this.#wake();
  }

  /**
   * Says that the person interrupts the program. Where a viewer is not far behind, nothing comes of
   * it; else output is read on without waiting for the viewer, which skips what is not its end.
   *
   * @param bytes how much may be read so, at most `OVERRUN_BYTES`
   * @returns whether it `overruns` now, until `settle`
   */
  interrupt(bytes = OVERRUN_BYTES): boolean {
    if (this.#credit.unacknowledged(this.end) <= KEPT_BYTES) return false;
    this.#overrunBytes = bytes;
    this.#skipTo = this.end - KEPT_BYTES;
    this.#wake();
    return true;
  }

  /** Ends an interrupt: from now on the writer waits for credit again. Returns what was not read. */
  settle(): number {
    const left = this.#overrunBytes;
    this.#overrunBytes = 0;
    this.#wake();
    return left;
  }

  /** Whether a viewer that was sent so much passes over some output. */
  skips(sent: number): boolean {
    return sent < this.#skipTo;
  }

  /** Passes over output. */
  skip(sent: number): Skipped {
    const to = this.beginsNear(this.#skipTo);
    this.#credit.skip(sent, to);
    this.#wake();
    return { to };
  }

  /** Where to begin that is not before an offset: near, the start of a line or character. */
  beginsNear(offset: number): number {
    const kept = this.#replay.peek(offset, LINE_BYTES);
    const newline = kept.indexOf(NEWLINE);
    const inside = kept.findIndex((byte) => (byte & 0xc0) !== 0x80); // UTF-8: none begins so
    return offset + (newline >= 0 ? newline + 1 : Math.max(0, inside));
  }

  #wake(): void {
    this.touch();
    this.#listener?.();
    for (const watcher of this.#watchers) watcher();
  }
}
