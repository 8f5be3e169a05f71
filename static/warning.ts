/** The row that says when the terminal ends by itself, and how it goes on. */
/// <reference lib="dom" />
import { inWords, words } from "./words.ts";

/** When the end of the longest lifetime is told, in seconds before it. */
const TOLD_S = [600, 60];

/** What the row is made of. */
export interface WarningParts {
  readonly row: HTMLElement;
  readonly text: HTMLElement;
  readonly keep: HTMLButtonElement;
  readonly hide: HTMLButtonElement;
  readonly announce: (text: string) => void;
  /** The person wants the terminal kept. */
  readonly kept: () => void;
  /** The keys belong to the terminal again. */
  readonly leave: () => void;
  /** Something is about to end, or is no more. */
  readonly marked: (isWarning: boolean) => void;
}

/** What is told: an end for want of input can be put off, that of the longest lifetime cannot. */
type Cause = "idle" | "lifetime" | "past";

export class Warning {
  readonly #parts: WarningParts;
  #told: Cause | null = null;
  #tick: ReturnType<typeof setInterval> | undefined;
  #lifetime: ReturnType<typeof setTimeout> | undefined;
  #endMs = Infinity;
  /** Whether the agent understands that a terminal is to be kept. */
  #mayKeep = false;

  constructor(parts: WarningParts) {
    this.#parts = parts;
    parts.keep.addEventListener("click", () => {
      this.#clear();
      parts.kept();
      parts.leave();
    });
    parts.hide.addEventListener("click", () => this.#clear());
  }

  /** A session is shown, whose longest lifetime is over in so many seconds where that is known. */
  follow(endsInS: number | undefined): void {
    if (this.#told !== "past") this.#clear();
    clearTimeout(this.#lifetime);
    this.#mayKeep = endsInS !== undefined;
    this.#endMs = performance.now() + (endsInS ?? Infinity) * 1000;
    this.#await();
  }

  /** Nothing more is about to end. */
  stop(): void {
    clearTimeout(this.#lifetime);
    this.#clear();
  }

  /** The session ends for want of input in so many seconds. */
  idle(seconds: number): void {
    const endMs = performance.now() + seconds * 1000;
    this.#show("idle", endMs, this.#mayKeep ? words.endsIdle : words.endsIdleUnless);
  }

  /** Something befell a terminal that is no more. */
  tell(text: string): void {
    this.#show("past", Infinity, () => text);
  }

  /** The person typed. */
  typed(): void {
    if (this.#told === "idle") this.#clear();
  }

  /** Waits for the next time to tell the end of the longest lifetime. */
  #await(): void {
    const leftS = (this.#endMs - performance.now()) / 1000;
    const next = TOLD_S.find((seconds) => seconds < leftS);
    const longest = TOLD_S[0]!;
    if (leftS <= longest) this.#tellLifetime();
    if (next === undefined || leftS === Infinity) return;
    // In turns, as no timer is longer than 24 days, and one of a machine that sleeps comes late.
    const waitS = Math.min(leftS - next, 3600);
    this.#lifetime = setTimeout(() => this.#await(), waitS * 1000 + 20);
  }

  #tellLifetime(): void {
    if (this.#told === "idle") return; // which is sooner
    this.#show("lifetime", this.#endMs, words.endsOld);
  }

  #show(cause: Cause, endMs: number, say: (left: string) => string): void {
    const { row, text, keep, hide, announce, marked } = this.#parts;
    this.#clear();
    this.#told = cause;
    const tell = () => {
      const seconds = Math.max(0, Math.ceil((endMs - performance.now()) / 1000));
      text.textContent = say(seconds < 100 ? words.seconds(seconds) : inWords(seconds + 30));
    };
    tell();
    keep.hidden = cause !== "idle" || !this.#mayKeep;
    hide.hidden = cause === "idle";
    row.dataset.kind = cause === "past" ? "plain" : "countdown";
    row.hidden = false;
    announce(text.textContent ?? "");
    if (cause === "past") return;
    marked(true);
    this.#tick = setInterval(tell, 1000);
  }

  #clear(): void {
    const { row, leave, marked } = this.#parts;
    clearInterval(this.#tick);
    const isFocused = row.contains(document.activeElement);
    if (this.#told === "idle" || this.#told === "lifetime") marked(false);
    this.#told = null;
    row.hidden = true;
    if (isFocused) leave();
  }
}
