/** The xterm.js terminal in the page: its size, its output, its keys. */
/// <reference lib="dom" />
import { type ITerminalAddon, type ITerminalOptions, Terminal } from "@xterm/xterm";
import type { Winsize } from "../lib/types.ts";
import { bound } from "./bounds.ts";
import { ownPastes } from "./paste.ts";
import { takeCopies } from "./terminal/copies.ts";
import { type FileRequest, takeFileRequests } from "./terminal/file_requests.ts";
import { Fitting } from "./terminal/fitting.ts";
import { Images, SIZES } from "./terminal/images.ts";
import { findAddresses, linkHandler } from "./terminal/links.ts";
import { afterFrames, keepPlace, LinesAway, textOf } from "./terminal/buffer.ts";
import { countCells } from "./terminal/widths.ts";
import { type Finished, PromptMarks } from "./terminal/marks.ts";
import { type Drawing, Renderer } from "./terminal/renderer.ts";
import { OutputQueue } from "./terminal/queue.ts";
import { FingerSelection } from "./terminal/selection.ts";
import { Touch } from "./terminal/touch.ts";
import { arrows, ScrolledLines } from "./terminal/wheel.ts";
import { calm, isComposed, plain, titleOf } from "./text.ts";
import { Utf8Stream } from "./utf8.ts";
import { followSize } from "./viewport.ts";
import { words } from "./words.ts";

const SCROLLBACK_LINES = 10_000;

/** What a screen tells its owner. */
export interface ScreenListener {
  /** Text that was typed or pasted, or an answer to a program's question. */
  text(data: string): void;
  /** The same as one byte a character, for reports that are not text. */
  binary(data: string): void;
  resized(winsize: Winsize): void;
  /** A program gave a title: one line, of at most `TITLE_CHARACTERS`. */
  titled(title: string): void;
  /** A program rang. */
  rang(): void;
  /** A command that the shell marked is over. */
  finished(finished: Finished): void;
  /** A program gives a text for the clipboard, of at most `COPY_BYTES`. */
  copied(text: string): void;
  /** A program asks for files, or offers one. */
  files(request: FileRequest): void;
  /** Something was selected, and the pointer let go. */
  selected(): void;
  /** Something is selected, or nothing any more. */
  selecting(isSelected: boolean): void;
  /** Two fingers size the text: 1 is what it was as they came, which is told by 0. */
  sized(factor: number): void;
  /** The person pastes or drops text, of which only what can be typed is left. */
  pasted(text: string): void;
  /** How many lines came since the person scrolled up; null where they see the newest. */
  scrolled(lines: number | null): void;
  /** Whether a key that is pressed in the terminal was dealt with. */
  key(event: KeyboardEvent): boolean;
  /** The pointer is on a link to this address, or on none. */
  pointed(address: string | null): void;
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #fit: Fitting;
  readonly #utf8 = new Utf8Stream();
  readonly #queue: OutputQueue;
  readonly #images: Images;
  readonly #renderer: Renderer;
  readonly #resized: ResizeObserver;
  readonly #scrolled = new ScrolledLines();

  constructor(element: HTMLElement, listener: ScreenListener) {
    const links = linkHandler(listener.pointed);
    const terminal = this.#terminal = new Terminal({
      // What programs draw with lines joins; with less, underscores are cut off at 13 and 14 pixels.
      lineHeight: 1.07,
      // Its blink has the browser draw all the time, and each key's echo wait for it.
      cursorBlink: false,
      scrollback: SCROLLBACK_LINES,
      linkHandler: links,
      ...SIZES,
      allowProposedApi: true, // for widths of one's own
    });
    const queue = this.#queue = new OutputQueue(terminal);
    this.#images = new Images(terminal, (until) => queue.hold(until));
    this.#renderer = new Renderer(terminal);
    this.#fit = new Fitting(terminal);
    countCells(terminal);
    terminal.open(element);
    findAddresses(terminal, links);
    terminal.textarea?.setAttribute("aria-label", words.leaveByKeys);
    terminal.attachCustomKeyEventHandler((event) => this.#ownKey(event, listener));
    terminal.attachCustomWheelEventHandler((event) => this.#ownWheel(event));
    ownPastes(element, listener.pasted);
    element.addEventListener("pointerup", () => terminal.hasSelection() && listener.selected());
    this.#followFingers(element, listener);
    const away = new LinesAway(terminal, listener.scrolled);
    for (const on of [terminal.onScroll, terminal.onRender]) on(() => away.look());
    terminal.onData((data) => listener.text(isComposed(data) ? plain(data) : data));
    terminal.onBinary(listener.binary);
    terminal.onResize(({ cols, rows }) => {
      keepPlace(terminal);
      listener.resized({ cols, rows });
    });
    const titled = (title: string) => listener.titled(titleOf(title));
    terminal.onTitleChange(titled);
    terminal.onBell(listener.rang);
    takeCopies(terminal, listener.copied);
    takeFileRequests(terminal, listener.files);
    this.marks = new PromptMarks(terminal, listener.finished);
    bound(terminal, titled);

    this.#resized = followSize(element, () => this.fit());
  }

  /** Looks otherwise from now on. */
  look(options: ITerminalOptions, drawing: Drawing): void {
    Object.assign(this.#terminal.options, options);
    this.#fit.mostPx = options.fontSize ?? this.#fit.mostPx;
    void this.#renderer.draw(drawing);
    this.fit();
  }

  /** The prompts and commands that the shell marked. */
  readonly marks: PromptMarks;

  /** Whether a program has taken the whole screen. */
  get isFull(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /**
   * Fills the element now, and says the size that came of it.
   *
   * @param unseen the size while the element is not drawn, which has none of its own then
   */
  fit(unseen?: Winsize): Winsize {
    if (this.#terminal.element!.offsetParent !== null) this.#fit.fit();
    else if (unseen) this.#terminal.resize(unseen.cols, unseen.rows);
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Nothing is drawn any more, once what xterm.js has begun with is over: it would miss its parts. */
  dispose(): void {
    this.#resized.disconnect();
    this.#queue.drop();
    this.#queue.push("", () => afterFrames(() => this.#terminal.dispose()));
  }

  /** Has this size whatever the element's: of a terminal that is somebody else's. */
  keep(winsize: Winsize): void {
    this.#fit.keep(winsize);
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Types for the person. */
  type(data: string): void {
    this.#terminal.input(data);
  }

  /** Whether the program asked for the other form of cursor keys (DECCKM). */
  get isApplication(): boolean {
    return this.#terminal.modes.applicationCursorKeysMode;
  }

  load(addon: ITerminalAddon): void {
    this.#terminal.loadAddon(addon);
  }

  /** What is selected; "" where nothing is. */
  get selection(): string {
    return this.#terminal.getSelection();
  }

  selectAll(): void {
    this.#terminal.selectAll();
  }

  deselect(): void {
    this.#terminal.clearSelection();
  }

  toNewest(): void {
    this.#terminal.scrollToBottom();
  }

  /** Whether the program tells a paste from what is typed (DECSET 2004, xterm's ctlseqs). */
  get takesPastes(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  paste(text: string): void {
    this.#terminal.paste(text);
  }

  /** All that was printed and is kept, a line for each that a program ended. */
  text(): string {
    return textOf(this.#terminal.buffer.normal);
  }

  /** Draws bytes; `drawn` is called when they are. */
  write(bytes: Uint8Array, drawn: () => void): void {
    const text = calm(this.#utf8.decode(bytes));
    this.#images.expect(text);
    this.#queue.push(text, drawn);
  }

  /** No more bytes come. */
  end(): void {
    this.#queue.push(this.#utf8.end());
  }

  /**
   * Leaves out what is not drawn yet, and a half-received control sequence, as CAN (ECMA-48 8.3.6)
   * says; `drawn` as in `write`.
   */
  skip(drawn: () => void): void {
    this.#utf8.skip();
    this.#queue.drop();
    this.#queue.push("\x18", drawn);
  }

  /**
   * Empties the screen and its history, after all that was written before (RIS, ECMA-48 8.3.105).
   *
   * @param modes sequences by which the output that follows finds it set
   */
  reset(modes = ""): void {
    this.#utf8.skip();
    this.#queue.push("\x18\x1bc\x1b[?25h" + calm(modes)); // RIS leaves xterm.js its cursor hidden
  }

  /** Copies what is selected; whether there was anything. */
  copy(): boolean {
    const selection = this.#terminal.getSelection();
    if (selection === "") return false;
    // The clipboard object is missing on plain HTTP; the old command works there.
    if (navigator.clipboard === undefined) document.execCommand("copy");
    else navigator.clipboard.writeText(selection).catch(() => document.execCommand("copy"));
    return true;
  }

  /** @returns false for the keys that xterm shall leave alone */
  #ownKey(event: KeyboardEvent, { key }: ScreenListener): boolean {
    if (event.type === "keydown" && key(event)) {
      event.preventDefault();
      return false;
    }
    const withBoth = event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey;
    if (!withBoth) return true;
    if (event.code === "KeyC") {
      event.preventDefault(); // or the browser opens its developer tools
      if (event.type === "keydown") this.copy();
      return false;
    }
    return event.code !== "KeyV"; // the browser pastes by itself
  }

  /** @returns false where xterm.js shall not scroll: it sends one key a notch, however far it went */
  #ownWheel(event: WheelEvent): boolean {
    if (!this.isFull || this.#isTold || event.ctrlKey) return true;
    event.preventDefault();
    this.#scroll(this.#scrolled.wheel(event, this.#terminal.rows));
    return false;
  }

  #scroll(lines: number): void {
    if (lines !== 0) this.#terminal.input(arrows(lines, this.isApplication));
  }

  #followFingers(element: HTMLElement, { selecting, sized }: ScreenListener): void {
    const terminal = this.#terminal;
    const selection = new FingerSelection(terminal, element, selecting);
    new Touch(element, {
      scroll: (pixels, { x, y }) => {
        const screen = element.querySelector(".xterm-screen")!;
        const lines = this.#scrolled.finger(pixels, screen.clientHeight / terminal.rows);
        if (lines === 0) return;
        if (!this.isFull) return terminal.scrollLines(lines);
        if (!this.#isTold) return this.#scroll(lines);
        const wheel = { deltaY: lines, deltaMode: WheelEvent.DOM_DELTA_LINE };
        const place = { clientX: x, clientY: y, bubbles: true, cancelable: true };
        screen.dispatchEvent(new WheelEvent("wheel", { ...wheel, ...place }));
      },
      selectWord: (at) => selection.word(at),
      selectTo: (at) => selection.to(at),
      sizing: () => sized(0),
      size: sized,
    });
  }

  /** Whether the program wants to be told of the wheel. */
  get #isTold(): boolean {
    return !["none", "x10"].includes(this.#terminal.modes.mouseTrackingMode);
  }
}
