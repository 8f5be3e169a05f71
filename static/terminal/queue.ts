/** Output on its way to xterm.js: little is handed over at a time, so that the rest can be dropped. */
import type { Terminal } from "@xterm/xterm";

/** What xterm.js takes in one turn, at the least: some sequences make much work of few characters. */
const TURN_CHARACTERS = 4 * 1024;

/** How much is handed over and not drawn: enough to keep it busy. */
const HANDED_CHARACTERS = 16 * TURN_CHARACTERS;

/**
 * What goes on to hold: modes, character sets, colours, margins and a reset (ECMA-48, xterm's
 * ctlseqs). Text, and where the cursor is, belong to output that nobody will see.
 */
// deno-lint-ignore no-control-regex
const LASTING = /\x1b\[[?>]?[\d;:]*[hlmr]|\x1b[=>c]|\x1b[()*+][\x20-\x7e]|[\x0e\x0f]/g;

interface Piece {
  readonly text: string;
  readonly drawn?: (() => void) | undefined;
}

export class OutputQueue {
  readonly #terminal: Pick<Terminal, "write">;
  readonly #waiting: Piece[] = [];
  #handedCharacters = 0;
  #isHeld = false;

  constructor(terminal: Pick<Terminal, "write">) {
    this.#terminal = terminal;
  }

  /** Draws a text after all before it; `drawn` is called when it is. */
  push(text: string, drawn?: () => void): void {
    let start = 0;
    for (; start + TURN_CHARACTERS < text.length; start += TURN_CHARACTERS) {
      this.#waiting.push({ text: text.slice(start, start + TURN_CHARACTERS) });
    }
    this.#waiting.push({ text: text.slice(start), drawn });
    this.#pump();
  }

  /** Draws nothing of what waits; it counts as drawn, and what it set for good holds. */
  drop(): void {
    const dropped = this.#waiting.splice(0);
    if (dropped.length === 0) return;
    const lasting = dropped.map(({ text }) => text).join("").match(LASTING)?.join("") ?? "";
    const drawn = () => dropped.forEach((piece) => piece.drawn?.());
    this.push(`\x18${lasting}`, drawn); // CAN: what was handed over may end in a sequence
  }

  /** Hands nothing over until then. */
  hold(until: Promise<void>): void {
    this.#isHeld = true;
    void until.finally(() => {
      this.#isHeld = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#isHeld && this.#handedCharacters < HANDED_CHARACTERS) {
      const piece = this.#waiting.shift();
      if (piece === undefined) return;
      const { text, drawn } = piece;
      this.#handedCharacters += text.length;
      this.#terminal.write(text, () => {
        this.#handedCharacters -= text.length;
        drawn?.();
        this.#pump();
      });
    }
  }
}
