/** The size of a terminal in the page: as large as its element, or one that is not the page's to choose. */
/// <reference lib="dom" />
import { FitAddon } from "@xterm/addon-fit";
import type { Terminal } from "@xterm/xterm";
import type { Winsize } from "../../lib/types.ts";

/** The smallest text, in CSS pixels; a terminal that is too large then is scrolled. */
const LEAST_PX = 5;
const STEP_PX = 0.5;
/** The longest side that is drawn: somebody else's size may be more than there is memory for. */
const MOST_CELLS = 1_000;

export class Fitting {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  #kept: Winsize | null = null;
  /** As large as text is where there is room. */
  mostPx = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.loadAddon(this.#fit);
  }

  /** Has this size from now on, whatever the element's, in text that gets as small as it must. */
  keep({ cols, rows }: Winsize): void {
    this.#kept = { cols: Math.min(cols, MOST_CELLS), rows: Math.min(rows, MOST_CELLS) };
    this.fit();
  }

  fit(): void {
    if (this.#kept === null) this.#fit.fit();
    else this.#shrink(this.#kept);
  }

  #shrink({ cols, rows }: Winsize): void {
    const terminal = this.#terminal;
    if (terminal.cols !== cols || terminal.rows !== rows) terminal.resize(cols, rows);
    this.#setPx(this.mostPx);
    const room = this.#fit.proposeDimensions();
    if (room === undefined) return;
    const part = Math.min(1, room.cols / cols, room.rows / rows);
    let px = Math.max(LEAST_PX, Math.floor(this.mostPx * part / STEP_PX) * STEP_PX);
    this.#setPx(px);
    // Cells are whole pixels high, so that smaller text is not smaller by as much.
    for (; px > LEAST_PX; this.#setPx(px -= STEP_PX)) {
      const now = this.#fit.proposeDimensions();
      if (now === undefined || (now.cols >= cols && now.rows >= rows)) return;
    }
  }

  #setPx(px: number): void {
    if (this.#terminal.options.fontSize !== px) this.#terminal.options.fontSize = px;
  }
}
