/** What xterm.js keeps of the output, read. */
import type { IBuffer, IMarker, Terminal } from "@xterm/xterm";

/** The lines of a buffer as text, those that were broken for the window's width in one again. */
export function textOf(buffer: IBuffer): string {
  return linesOf(buffer, 0, buffer.length).trimEnd() + "\n";
}

/** Those from one line up to another. */
export function linesOf(buffer: IBuffer, from: number, to: number): string {
  const lines: string[] = [];
  for (let y = from; y < to; y++) {
    const line = buffer.getLine(y);
    const isBroken = buffer.getLine(y + 1)?.isWrapped === true;
    const text = line?.translateToString(!isBroken) ?? "";
    if (line?.isWrapped && lines.length > 0) lines.push(lines.pop()! + text);
    else lines.push(text);
  }
  return lines.join("\n") + "\n";
}

/** Counts what is printed while the person looks at what was printed before. */
export class LinesAway {
  readonly #terminal: Terminal;
  readonly #told: (lines: number | null) => void;
  /** Where the output ended when the person scrolled up; it moves as old lines are dropped. */
  #left: IMarker | undefined;
  #last: number | null = null;

  /** @param told is given how many lines, or null where the newest are in sight */
  constructor(terminal: Terminal, told: (lines: number | null) => void) {
    this.#terminal = terminal;
    this.#told = told;
  }

  look(): void {
    const { type, baseY, viewportY, cursorY } = this.#terminal.buffer.active;
    const isAway = type === "normal" && viewportY < baseY;
    if (!isAway) {
      this.#left?.dispose();
      this.#left = undefined;
      return this.#tell(null);
    }
    this.#left ??= this.#terminal.registerMarker();
    const from = this.#left?.isDisposed === false ? this.#left.line : 0;
    this.#tell(baseY + cursorY - from);
  }

  #tell(lines: number | null): void {
    if (lines === this.#last) return;
    this.#last = lines;
    this.#told(lines);
  }
}

/**
 * Keeps its place after lines were broken otherwise. Its scroll bar keeps where it was before, and
 * would jump there at the next scroll. All scrolls go from where the bar is; the top is a place that
 * is sure.
 */
export function keepPlace(terminal: Terminal): void {
  const place = () => {
    if (!terminal.element?.isConnected) return;
    const { viewportY, length } = terminal.buffer.active;
    terminal.scrollLines(-length);
    terminal.scrollLines(viewportY);
  };
  afterFrames(place); // it knows the new lines then
}

/** When xterm.js has drawn what it was about to. */
export function afterFrames(then: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(then));
}
