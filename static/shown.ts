/** The session that the screen shows: what came of its output, what is drawn and acknowledged. */
import { Offsets } from "./offsets.ts";
import type { Screen } from "./screen.ts";

export class ShownSession {
  readonly id: string;
  readonly #screen: Screen;
  #offsets = new Offsets(0);
  /**
   * Up to which offset a page has drawn the output before: the questions that programs asked in it
   * are answered, and a second answer would be typed into the shell.
   */
  #drawnBefore: number;

  /** `drawnBefore` is an offset; without one the whole output is news. */
  constructor(id: string, screen: Screen, drawnBefore = 0) {
    this.id = id;
    this.#screen = screen;
    this.#drawnBefore = drawnBefore;
  }

  /** The offset of the next output byte. */
  get next(): number {
    return this.#offsets.next;
  }

  /** Up to where the output has been drawn, or will be, on this page or one before it. */
  get drawn(): number {
    return Math.max(this.#drawnBefore, this.#offsets.next);
  }

  /** Whether what is being drawn was drawn before. */
  get replaying(): boolean {
    return this.#offsets.drawn < this.#drawnBefore;
  }

  /** Another page showed the output up to this offset. */
  drawnElsewhere(offset: number): void {
    this.#drawnBefore = Math.max(this.#drawnBefore, offset);
  }

  /** The output goes on at an offset; what is missing before it is not kept any more. */
  continue(offset: number): void {
    if (offset !== this.next) this.#screen.reset();
    this.#offsets = new Offsets(offset);
  }

  /** Draws output; `ack` is called with the offsets to acknowledge. */
  draw(bytes: Uint8Array, ack: (offset: number) => void): void {
    this.#advance(bytes.length, ack, (drawn) => this.#screen.write(bytes, drawn));
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
