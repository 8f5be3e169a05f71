/** The session that the screen shows: what came of its output, what is drawn and acknowledged. */
import type { TerminalEvent } from "../lib/types.ts";
import { Offsets } from "./offsets.ts";
import type { Screen } from "./screen.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;

export class ShownSession {
  readonly id: string;
  readonly #screen: Screen;
  #offsets = new Offsets(0);
  /**
   * Up to which offset a page has drawn the output before: the questions that programs asked in it
   * are answered, and a second answer would be typed into the shell.
   */
  #drawnBefore: number;
  #viewer: number | undefined;

  /** `drawnBefore` is an offset; see {@linkcode ShownSession.drawn}. */
  constructor(id: string, screen: Screen, drawnBefore = 0) {
    this.id = id;
    this.#screen = screen;
    this.#drawnBefore = drawnBefore;
  }

  /** Which viewer of the session this page was last; undefined before it was one. */
  get viewer(): number | undefined {
    return this.#viewer;
  }

  /** The offset of the next output byte. */
  get next(): number {
    return this.#offsets.next;
  }

  /** Up to where the output has been drawn, on this page or one before it. */
  get drawn(): number {
    return Math.max(this.#drawnBefore, this.#offsets.drawn);
  }

  /** Whether the questions in what is being drawn were answered when it was drawn before. */
  get isAnswered(): boolean {
    return this.#offsets.drawn < this.#drawnBefore;
  }

  /** The output goes on at an offset; what is missing before it is not kept any more. */
  continue({ offset, seen, viewer }: Ready): void {
    const isGap = offset !== this.next;
    const isOther = viewer - 1 !== this.#viewer; // somebody else was there in between
    if (isGap || isOther) this.#drawnBefore = Math.max(this.#drawnBefore, seen);
    if (isGap) this.#screen.reset();
    this.#viewer = viewer;
    this.#offsets = new Offsets(offset);
  }

  /** Draws output; `ack` is called with the offsets to acknowledge. */
  draw(bytes: Uint8Array, ack: (offset: number) => void): void {
    // What was drawn before and what was not are two things, though they come in one message.
    const oldBytes = Math.min(Math.max(0, this.#drawnBefore - this.next), bytes.length);
    for (const part of [bytes.subarray(0, oldBytes), bytes.subarray(oldBytes)]) {
      if (part.length > 0) {
        this.#advance(part.length, ack, (drawn) => this.#screen.write(part, drawn));
      }
    }
  }

  /** Passes over output that was dropped. */
  skip(bytes: number, ack: (offset: number) => void): void {
    this.#advance(bytes, ack, (drawn) => this.#screen.cancelSequence(drawn));
  }

  #advance(bytes: number, ack: (offset: number) => void, draw: (drawn: () => void) => void): void {
    const offsets = this.#offsets; // of the connection it came by
    offsets.received(bytes);
    draw(() => {
      const offset = offsets.rendered(bytes);
      if (offset !== null) ack(offset);
    });
  }
}
