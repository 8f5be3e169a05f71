/** A selection that fingers make: a word first, then from there to where the finger is. */
/// <reference lib="dom" />
import type { Terminal } from "@xterm/xterm";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A cell of the buffer, counted from its first line. */
interface Cell {
  readonly col: number;
  readonly line: number;
}

/** Cells from the first up to and without the last. */
interface Range {
  readonly start: Cell;
  readonly end: Cell;
}

const WORD = /[^\s'"()[\]{}<>|;,`]/;

export class FingerSelection {
  readonly #terminal: Terminal;
  readonly #screen: HTMLElement;
  /** What stays selected while the finger moves. */
  #word: Range | undefined;
  readonly #handles: readonly [HTMLElement, HTMLElement];

  readonly #told: (isSelected: boolean) => void;

  /**
   * @param place is where the handles stand, over the terminal
   * @param told is given whether something is selected, by whatever
   */
  constructor(terminal: Terminal, place: HTMLElement, told: (isSelected: boolean) => void) {
    this.#told = told;
    this.#terminal = terminal;
    this.#screen = terminal.element!.querySelector<HTMLElement>(".xterm-screen")!;
    this.#handles = [this.#handle("start", place), this.#handle("end", place)];
    terminal.onSelectionChange(() => this.#changed());
    terminal.onRender(() => this.#draw());
  }

  /** Selects the word at a point of the window. */
  word(at: Point): void {
    const { col, line } = this.#cell(at);
    const text = this.#terminal.buffer.active.getLine(line);
    const isWord = (x: number) => WORD.test(text?.getCell(x)?.getChars() ?? "");
    let start = col, end = col + 1;
    if (isWord(col)) {
      while (start > 0 && isWord(start - 1)) start--;
      while (end < this.#terminal.cols && isWord(end)) end++;
    }
    this.#word = { start: { col: start, line }, end: { col: end, line } };
    this.#select(this.#word);
    navigator.vibrate?.(10);
  }

  /** Selects from what is held to a point. */
  to(at: Point): void {
    const word = this.#word;
    if (word === undefined) return;
    const cell = this.#cell(at);
    const after = { col: cell.col + 1, line: cell.line };
    if (isBefore(cell, word.start)) this.#select({ start: cell, end: word.end });
    else this.#select({ start: word.start, end: isBefore(after, word.end) ? word.end : after });
  }

  #select({ start, end }: Range): void {
    const { cols } = this.#terminal;
    this.#terminal.select(
      start.col,
      start.line,
      (end.line - start.line) * cols + end.col - start.col,
    );
    this.#changed(); // it does not tell what was selected before it was cleared
  }

  #cell({ x, y }: Point): Cell {
    const { left, top, width, height } = this.#screen.getBoundingClientRect();
    const { cols, rows, buffer } = this.#terminal;
    const within = (value: number, most: number) => Math.max(0, Math.min(most, Math.floor(value)));
    return {
      col: within((x - left) / width * cols, cols - 1),
      line: within((y - top) / height * rows, rows - 1) + buffer.active.viewportY,
    };
  }

  #handle(end: "start" | "end", place: HTMLElement): HTMLElement {
    const handle = document.createElement("div");
    handle.className = `handle ${end}`;
    handle.hidden = true;
    place.append(handle);
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      const held = this.#range();
      if (held === undefined) return;
      // The other end stays.
      const cell = end === "start" ? { ...held.end, col: held.end.col - 1 } : held.start;
      this.#word = { start: cell, end: { ...cell, col: cell.col + 1 } };
    });
    handle.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
      if (!handle.hasPointerCapture(pointerId)) return;
      // The finger is below the line that it means.
      const lineHeight = this.#screen.getBoundingClientRect().height / this.#terminal.rows;
      this.to({ x: clientX, y: clientY - lineHeight });
    });
    return handle;
  }

  #range(): Range | undefined {
    const position = this.#terminal.getSelectionPosition();
    if (position === undefined) return undefined;
    const { start, end } = position;
    return { start: { col: start.x, line: start.y }, end: { col: end.x, line: end.y } };
  }

  #changed(): void {
    this.#told(this.#terminal.hasSelection());
    this.#draw();
  }

  #draw(): void {
    const range = matchMedia("(pointer: coarse)").matches ? this.#range() : undefined;
    if (range === undefined) return this.#handles.forEach((handle) => handle.hidden = true);
    const { width, height } = this.#screen.getBoundingClientRect();
    const { cols, rows, buffer } = this.#terminal;
    [range.start, range.end].forEach(({ col, line }, i) => {
      const row = line - buffer.active.viewportY;
      const handle = this.#handles[i]!;
      handle.hidden = row < 0 || row >= rows;
      handle.style.left = `${this.#screen.offsetLeft + col * width / cols}px`;
      handle.style.top = `${this.#screen.offsetTop + (row + 1) * height / rows}px`;
    });
  }
}

function isBefore(one: Cell, other: Cell): boolean {
  return one.line < other.line || (one.line === other.line && one.col < other.col);
}
