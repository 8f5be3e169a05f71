/** A row under the bar that asks something which can wait: yes or no. */
/// <reference lib="dom" />

/** What is asked. */
export interface Question {
  readonly text: string;
  readonly yes: string;
  readonly no: string;
  /** Whether the keys wait for the answer. */
  readonly isUrgent?: boolean;
}

export class Ask {
  readonly #row: HTMLElement;
  readonly #text: HTMLElement;
  readonly #yes: HTMLButtonElement;
  readonly #no: HTMLButtonElement;
  readonly #leave: () => void;
  readonly #announce: (text: string) => void;
  #answer: ((yes: boolean) => void) | undefined;

  /** @param leave gives the keys back to the terminal */
  constructor(
    find: <E extends HTMLElement>(id: string) => E,
    leave: () => void,
    announce: (text: string) => void,
  ) {
    this.#row = find("ask");
    this.#text = find("ask-text");
    this.#yes = find<HTMLButtonElement>("ask-yes");
    this.#no = find<HTMLButtonElement>("ask-no");
    this.#leave = leave;
    this.#announce = announce;
    this.#yes.addEventListener("click", () => this.#take(true));
    this.#no.addEventListener("click", () => this.#take(false));
  }

  /** Whether something is being asked. */
  get isOpen(): boolean {
    return this.#answer !== undefined;
  }

  /** Asks; what was asked before and not answered is forgotten. */
  open({ text, yes, no, isUrgent = false }: Question, answer: (yes: boolean) => void): void {
    this.#answer = answer;
    this.#text.textContent = text;
    this.#yes.textContent = yes;
    this.#no.textContent = no;
    this.#row.hidden = false;
    this.#announce(text);
    if (isUrgent) this.#no.focus();
  }

  #take(yes: boolean): void {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#row.hidden = true;
    this.#leave();
    answer?.(yes);
  }
}
