/** The row of keys that a phone's keyboard does not have. */
/// <reference lib="dom" />
import { type CursorKey, type Modifier, Modifiers } from "../terminal/keys.ts";
import type { Screen } from "../screen.ts";
import { words } from "../words.ts";

/** What the keys send as they are. */
const TEXTS: Record<string, string> = { esc: "\x1b", tab: "\t", pipe: "|", tilde: "~", slash: "/" };

/** How soon and how often a key that is held comes again. */
const AGAIN_FIRST_MS = 400, AGAIN_MS = 60;

export class KeyRow {
  readonly #row: HTMLElement;
  readonly #screen: () => Screen | undefined;
  readonly #pasteText: () => void;
  readonly #modifiers = new Modifiers((modifier, held) => {
    const button = this.#row.querySelector<HTMLElement>(`[data-key="${modifier}"]`)!;
    button.ariaPressed = `${held !== "off"}`;
    button.dataset.held = held;
  });
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param pasteText pastes what the clipboard has */
  constructor(row: HTMLElement, screen: () => Screen | undefined, pasteText: () => void) {
    this.#row = row;
    this.#screen = screen;
    this.#pasteText = pasteText;
    row.addEventListener("pointerdown", (event) => this.#down(event));
    for (const type of ["pointerup", "pointercancel", "pointerleave"] as const) {
      row.addEventListener(type, () => clearTimeout(this.#timer));
    }
    // By keyboard and by assistive technology: no pointer was there before.
    row.addEventListener("click", (event) => {
      const key = keyOf(event);
      if (event.detail === 0 && key !== undefined) this.#press(key);
    });
  }

  /** What a key that is typed sends with what is held here. */
  apply(data: string): string {
    return this.#modifiers.apply(data);
  }

  /** Whether something is selected, and the last key is to copy it. */
  selected(isSelected: boolean): void {
    const button = this.#row.querySelector<HTMLElement>('[data-key="clipboard"]')!;
    button.textContent = isSelected ? words.copy : words.paste;
  }

  #down(event: PointerEvent): void {
    const key = keyOf(event);
    if (key === undefined) return;
    event.preventDefault(); // the focus, and the phone's keyboard with it, stays where it is
    this.#press(key);
    const again = () => {
      this.#press(key);
      this.#timer = setTimeout(again, AGAIN_MS);
    };
    clearTimeout(this.#timer);
    if (key in TEXTS || isCursor(key)) this.#timer = setTimeout(again, AGAIN_FIRST_MS);
  }

  #press(key: string): void {
    const screen = this.#screen();
    if (screen === undefined) return;
    if (key === "ctrl" || key === "alt") return this.#modifiers.press(key satisfies Modifier);
    if (key === "clipboard") return screen.copy() ? screen.deselect() : this.#pasteText();
    const text = TEXTS[key];
    if (text !== undefined) screen.type(text); // held keys are applied to all that is typed
    else screen.type(this.#modifiers.cursor(key as CursorKey, screen.isApplication));
  }
}

function isCursor(key: string): boolean {
  return ["up", "down", "left", "right"].includes(key);
}

function keyOf({ target }: Event): string | undefined {
  return (target as HTMLElement).closest<HTMLElement>("[data-key]")?.dataset.key;
}
