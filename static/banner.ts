/** The one line over the terminal: a countdown to the idle end, a passing note, a lost connection. */
/// <reference lib="dom" />

const NOTE_MS = 5_000;

export class Banner {
  readonly #element: HTMLElement;
  readonly #announce: (text: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #countingDown = false;

  constructor(element: HTMLElement, announce: (text: string) => void) {
    this.#element = element;
    this.#announce = announce;
  }

  /** Shows a text until another takes its place. */
  show(text: string): void {
    this.clear();
    this.#element.textContent = text;
    this.#element.hidden = false;
    this.#announce(text);
  }

  /** Shows a text for a few seconds. */
  note(text: string): void {
    this.show(text);
    this.#timer = setTimeout(() => this.clear(), NOTE_MS);
  }

  /** Counts down the seconds until the session ends; announced once, not each second. */
  countDown(seconds: number): void {
    const end = performance.now() + seconds * 1000;
    const text = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      return `This session ends in ${left} s unless you type something`;
    };
    if (this.#countingDown) clearInterval(this.#timer);
    else this.show(text());
    this.#countingDown = true;
    this.#element.textContent = text();
    this.#timer = setInterval(() => this.#element.textContent = text(), 250);
  }

  /** The person typed: a countdown is over. */
  typed(): void {
    if (this.#countingDown) this.clear();
  }

  clear(): void {
    clearInterval(this.#timer);
    this.#countingDown = false;
    this.#element.hidden = true;
  }
}
