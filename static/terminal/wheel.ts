/** The wheel and the finger in programs that fill the screen: lines, as arrow keys; pure. */

/** How far a notch of a wheel goes where it tells pixels, and how many lines that are. */
const NOTCH_PX = 100, NOTCH_LINES = 3;

/** The most lines of one event: more is no scrolling that anybody follows. */
const LINES = 100;

/** WheelEvent.deltaMode (UI Events, 5.4): pixels, lines, pages. */
const IN_LINES = 1, IN_PAGES = 2;

/** Adds up what is scrolled, and hands out whole lines. */
export class ScrolledLines {
  #rest = 0;

  /** How many lines a wheel moves down, or up where that is negative. */
  wheel({ deltaY, deltaMode }: { deltaY: number; deltaMode: number }, rows: number): number {
    if (deltaMode === IN_LINES) return this.#add(deltaY);
    if (deltaMode === IN_PAGES) return this.#add(deltaY * rows);
    return this.#add(deltaY * NOTCH_LINES / NOTCH_PX);
  }

  /** The same for a finger, which the text stays under. */
  finger(pixels: number, linePx: number): number {
    return this.#add(pixels / linePx);
  }

  #add(lines: number): number {
    // One that turns round does so at once.
    const sum = Math.sign(lines) === -Math.sign(this.#rest) ? lines : this.#rest + lines;
    const whole = Math.trunc(sum);
    this.#rest = sum - whole;
    return Math.min(LINES, Math.max(-LINES, whole));
  }
}

/** What such a program is sent for lines: the keys for up and down, as it asked for them (DECCKM). */
export function arrows(lines: number, isApplication: boolean): string {
  return `\x1b${isApplication ? "O" : "["}${lines < 0 ? "A" : "B"}`.repeat(Math.abs(lines));
}
