/** The row under the bar: what an administrator says to everybody, and until when terminals last. */
/// <reference lib="dom" />
import { words } from "./words.ts";

/** What is left of a countdown when it is spoken again, in seconds. */
const SPOKEN_S = [300, 60, 10];

/** What a notice is made of. */
export interface NoticeParts {
  readonly row: HTMLElement;
  readonly text: HTMLElement;
  readonly time: HTMLElement;
  readonly hide: HTMLButtonElement;
  readonly announce: (text: string) => void;
  /** The keys belong to the terminal again. */
  readonly leave: () => void;
}

export class Notice {
  readonly #parts: NoticeParts;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = "";
  /** Whether the person hid the last one. */
  #isHidden = false;
  /** Whether the last one is told once more if it still holds, which is no news. */
  #isRenewed = false;

  constructor(parts: NoticeParts) {
    this.#parts = parts;
    parts.hide.addEventListener("click", () => {
      this.#isHidden = true;
      this.#clear();
    });
  }

  /** Shows a text; `endsIn` is in how many seconds terminals end, null where they do not. */
  show(text: string, endsIn: number | null): void {
    const { row, text: element, time, hide, announce } = this.#parts;
    const isNews = !this.#isRenewed || text !== this.#last;
    this.#isRenewed = false;
    if (isNews) this.#isHidden = false;
    this.#last = text;
    this.#clear();
    if (text === "" || this.#isHidden) return;
    row.dataset.kind = endsIn === null ? "plain" : "countdown";
    element.textContent = text;
    time.textContent = "";
    hide.hidden = endsIn !== null;
    row.hidden = false;
    if (endsIn !== null) this.#count(endsIn);
    if (isNews) announce(`${text} ${time.textContent}`.trim());
  }

  /** Another connection: shows nothing until it is told again. */
  renew(): void {
    this.#isRenewed = true;
    this.#clear();
  }

  #clear(): void {
    const { row, leave } = this.#parts;
    clearInterval(this.#timer);
    const isFocused = row.contains(document.activeElement);
    row.hidden = true;
    if (isFocused) leave();
  }

  #count(endsIn: number): void {
    const { time, announce } = this.#parts;
    const endMs = performance.now() + endsIn * 1000;
    let before = Infinity;
    const tell = () => {
      const left = Math.max(0, Math.ceil((endMs - performance.now()) / 1000));
      const text = left === 0 ? words.allEndNow : words.allEndIn(shortly(left));
      time.textContent = text;
      if (SPOKEN_S.some((mark) => left <= mark && mark < before && before !== Infinity)) {
        announce(text);
      }
      before = left;
    };
    tell();
    this.#timer = setInterval(tell, 500);
  }
}

/** A time that is left: "6 h 12 min", "4 min 30 s", "9 s". */
export function shortly(seconds: number): string {
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return words.hours(h, min);
  return min > 0 ? words.minutes(min, s) : words.seconds(s);
}
