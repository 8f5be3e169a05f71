/** The xterm.js terminal in the page: look, size, keys for copy and paste. */
/// <reference lib="dom" />
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import type { Winsize } from "../lib/types.ts";
import { bound } from "./bounds.ts";
import { ownPastes } from "./paste.ts";
import { calm, plain, titleOf } from "./text.ts";
import { Utf8Stream } from "./utf8.ts";

/** How long the window must hold still before the terminal follows it. */
const RESIZE_MS = 100;

const SCROLLBACK_LINES = 5000;

/** What xterm.js takes in one turn, at the least: some sequences make much work of few characters. */
const TURN_CHARACTERS = 4 * 1024;

const THEME: ITheme = {
  background: "#0e1216",
  foreground: "#d7dee5",
  cursor: "#8fd3b6",
  cursorAccent: "#0e1216",
  selectionBackground: "#2f5a4c",
  selectionInactiveBackground: "#2a3b3a",
  scrollbarSliderBackground: "#ffffff26",
  scrollbarSliderHoverBackground: "#ffffff40",
  scrollbarSliderActiveBackground: "#ffffff59",
  black: "#2a3138",
  red: "#ef7b7b",
  green: "#8fcf9b",
  yellow: "#e5c07b",
  blue: "#7fb2f0",
  magenta: "#c9a0e8",
  cyan: "#74cdd0",
  white: "#cfd6dd",
  brightBlack: "#7b8794",
  brightRed: "#ff9a97",
  brightGreen: "#abe3b4",
  brightYellow: "#f3d79b",
  brightBlue: "#a3caff",
  brightMagenta: "#dcbcf5",
  brightCyan: "#97e0e2",
  brightWhite: "#f2f5f8",
};

/** What a screen tells its owner. */
export interface ScreenListener {
  /** Text that was typed or pasted, or an answer to a program's question. */
  text(data: string): void;
  /** The same as one byte a character, for reports that are not text. */
  binary(data: string): void;
  resized(winsize: Winsize): void;
  /** A program gave a title: one line, of at most `TITLE_CHARACTERS`. */
  titled(title: string): void;
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #utf8 = new Utf8Stream();

  constructor(element: HTMLElement, listener: ScreenListener) {
    const style = getComputedStyle(element);
    const terminal = this.#terminal = new Terminal({
      theme: THEME,
      fontFamily: style.getPropertyValue("--mono"),
      fontSize: matchMedia("(width < 36rem)").matches ? 13 : 14,
      lineHeight: 1.2,
      // Its blink has the browser draw all the time, and each key's echo wait for it.
      cursorBlink: false,
      scrollback: SCROLLBACK_LINES,
    });
    terminal.loadAddon(this.#fit);
    terminal.open(element);
    terminal.textarea?.setAttribute("aria-label", "Terminal; Control Shift L leaves it");
    terminal.attachCustomKeyEventHandler((event) => this.#ownKey(event));
    ownPastes(element, (text) => terminal.paste(text));
    terminal.onData((data) => listener.text(isComposed(data) ? plain(data) : data));
    terminal.onBinary(listener.binary);
    terminal.onResize(({ cols, rows }) => listener.resized({ cols, rows }));
    const titled = (title: string) => listener.titled(titleOf(title));
    terminal.onTitleChange(titled);
    bound(terminal, titled);

    let timer: ReturnType<typeof setTimeout> | undefined;
    new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => this.fit(), RESIZE_MS);
    }).observe(element);
  }

  /** Fills the element now, and says the size that came of it. */
  fit(): Winsize {
    this.#fit.fit();
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Draws bytes; `drawn` is called when they are. */
  write(bytes: Uint8Array, drawn: () => void): void {
    const text = calm(this.#utf8.decode(bytes));
    let start = 0;
    for (; start + TURN_CHARACTERS < text.length; start += TURN_CHARACTERS) {
      this.#terminal.write(text.slice(start, start + TURN_CHARACTERS));
    }
    this.#terminal.write(text.slice(start), drawn);
  }

  /** No more bytes come. */
  end(): void {
    this.#terminal.write(this.#utf8.end());
  }

  /** Leaves a half-received control sequence, as CAN (ECMA-48 8.3.6) says; `drawn` as in `write`. */
  cancelSequence(drawn: () => void): void {
    this.#utf8.skip();
    this.#terminal.write("\x18", drawn);
  }

  /** Empties the screen and its history, after all that was written before (RIS, ECMA-48 8.3.105). */
  reset(): void {
    this.#utf8.skip();
    this.#terminal.write("\x18\x1bc");
  }

  /** @returns false for the keys that xterm shall leave alone */
  #ownKey(event: KeyboardEvent): boolean {
    const withBoth = event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey;
    if (!withBoth) return true;
    if (event.code === "KeyC") {
      event.preventDefault(); // or the browser opens its developer tools
      if (event.type === "keydown") this.#copy();
      return false;
    }
    return event.code !== "KeyV"; // the browser pastes by itself
  }

  #copy(): void {
    const selection = this.#terminal.getSelection();
    if (selection === "") return;
    // The clipboard object is missing on plain HTTP; the old command works there.
    if (navigator.clipboard === undefined) document.execCommand("copy");
    else navigator.clipboard.writeText(selection).catch(() => document.execCommand("copy"));
  }
}

/** Whether this is text of an input method, which may have taken it from elsewhere; no key is so. */
function isComposed(data: string): boolean {
  return data.length > 1 && !data.startsWith("\x1b");
}
