/** What is done about what a terminal tells: a bell, a text for the clipboard, a command that is over. */
/// <reference lib="dom" />
import type { Screen, ScreenListener } from "../screen.ts";
import type { View } from "../view.ts";
import { beep, copyText, notify } from "./browser.ts";
import type { KeyRow } from "./keys.ts";
import { clampedSize, type Preferred } from "./preferences.ts";
import { inWords, words } from "../words.ts";

/** From when on a command took its time. */
const LONG_MS = 10_000;

/** What a screen tells that is no part of its session. */
type Told =
  | "titled"
  | "rang"
  | "copied"
  | "pointed"
  | "selected"
  | "selecting"
  | "sized"
  | "pasted"
  | "scrolled"
  | "finished"
  | "key";

/** One of the page's terminals. */
export interface TabTerminal {
  readonly screen: Screen;
  readonly view: View;
  /** Whether it is the one that keys go to. */
  readonly isActive: boolean;
  /** The keys go to what it shows: a panel where there is one, else the terminal. */
  enter(): void;
}

/** What all terminals of the page have together. */
export interface DeskTools {
  readonly preferred: Preferred;
  readonly keys: KeyRow;
  /** The size of text in CSS pixels. */
  readonly fontPx: number;
  /** Pastes, after a question where that may be needed. */
  paste(tab: TabTerminal, text: string): void;
}

export class Attendant {
  readonly #desk: DeskTools;
  readonly #tab: TabTerminal;
  /** How large the text was as two fingers came. */
  #pinchedPx = 0;

  constructor(desk: DeskTools, tab: TabTerminal) {
    this.#desk = desk;
    this.#tab = tab;
  }

  /** What the screen tells. */
  readonly told: Pick<ScreenListener, Told> = {
    titled: (title) => this.#tab.view.title = title,
    rang: () => this.#ring(),
    copied: (text) => this.#take(text),
    finished: ({ ms, exitCode }) => this.#finish(ms, exitCode),
    pointed: (address) => this.#tab.view.drawLink(address),
    selected: () => {
      if (this.#desk.preferred.now.copyOnSelect) this.#tab.screen.copy();
    },
    selecting: (isSelected) => this.#desk.keys.selected(isSelected),
    sized: (factor) => {
      if (factor === 0) this.#pinchedPx = this.#desk.fontPx;
      else this.#desk.preferred.change({ fontSize: clampedSize(this.#pinchedPx * factor) });
    },
    pasted: (text) => this.#desk.paste(this.#tab, text),
    scrolled: (lines) => this.#tab.view.drawNewest(lines),
    key: (event) => this.#interrupts(event),
  };

  #ring(): void {
    const { bell, notices } = this.#desk.preferred.now;
    if (bell === "off") return;
    if (notices && document.hidden) notify(this.#name, words.rang);
    if (bell === "sound") beep();
    if (!this.#isLookedAt) return this.#tab.view.signs.set("bell", true);
    const header = document.querySelector("header")!;
    header.classList.remove("rang");
    requestAnimationFrame(() => header.classList.add("rang"));
  }

  /** Whether the person sees a bell; the bar says it to who does, and the tabs to who does not. */
  get #isLookedAt(): boolean {
    return this.#tab.isActive && !document.hidden && document.hasFocus();
  }

  get #name(): string {
    return this.#tab.view.title || words.yourTerminal;
  }

  /** A command is over that took its time: who does something else in between is told. */
  #finish(ms: number, exitCode: number | null): void {
    if (ms < LONG_MS || (this.#tab.isActive && !document.hidden)) return;
    this.#tab.view.signs.set("bell", true);
    if (!document.hidden || !this.#desk.preferred.now.notices) return;
    const tell = exitCode === null
      ? words.commandOver
      : exitCode === 0
      ? words.commandSucceeded
      : words.commandFailed;
    notify(this.#name, tell(inWords(ms / 1000)));
  }

  /** A program has text for the clipboard. */
  #take(text: string): void {
    const { copies } = this.#desk.preferred.now;
    if (copies === "no") return;
    const write = () => {
      const told = () => this.#tab.view.banner.note(words.programCopied);
      const failed = () => this.#tab.view.banner.note(words.programMayNotCopy);
      copyText(text).then(told, failed);
    };
    if (copies === "yes") return write();
    this.#tab.view.ask.open({
      text: words.mayPrograms,
      yes: words.allow,
      no: words.never,
    }, (yes) => {
      this.#desk.preferred.change({ copies: yes ? "yes" : "no" });
      if (yes) write();
    });
  }

  /** @returns whether Ctrl+C was to copy, and not to interrupt */
  #interrupts({ ctrlKey, shiftKey, altKey, metaKey, code }: KeyboardEvent): boolean {
    const isCtrlC = ctrlKey && !shiftKey && !altKey && !metaKey && code === "KeyC";
    const { screen, view } = this.#tab;
    if (!isCtrlC || !this.#desk.preferred.now.copyKey || !screen.copy()) return false;
    screen.deselect(); // so that the next one interrupts
    view.banner.note(words.copiedOnce);
    return true;
  }
}
