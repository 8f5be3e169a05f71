/** The words of the status row: a passing note, a lost connection. */
/// <reference lib="dom" />

const NOTE_MS = 5_000;

export class Banner {
  readonly #element: HTMLElement;
  readonly #announce: (text: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

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

  clear(): void {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
  }
}
