/** What the row of keys on a phone sends, and what its Ctrl and Alt do to what is typed; pure. */

/** What a modifier is: off, on for the next key, or until it is pressed again. */
export type Held = "off" | "once" | "locked";

export type Modifier = "ctrl" | "alt";

/** The keys that send sequences, by their last character (xterm's ctlseqs, PC-Style Function Keys). */
const CURSOR = { up: "A", down: "B", right: "C", left: "D", home: "H", end: "F" } as const;

export type CursorKey = keyof typeof CURSOR;

/** The control characters of those that are no letters (ECMA-48, 5.2). */
const CONTROLS: Record<string, string> = {
  " ": "\x00",
  "@": "\x00",
  "[": "\x1b",
  "\\": "\x1c",
  "]": "\x1d",
  "^": "\x1e",
  "_": "\x1f",
  "/": "\x1f",
  "?": "\x7f",
};

export class Modifiers {
  readonly #held: Record<Modifier, Held> = { ctrl: "off", alt: "off" };
  readonly #changed: (modifier: Modifier, held: Held) => void;

  constructor(changed: (modifier: Modifier, held: Held) => void) {
    this.#changed = changed;
  }

  /** Pressed: on for one key, then for all, then off. */
  press(modifier: Modifier): void {
    const next = { off: "once", once: "locked", locked: "off" } as const;
    this.#set(modifier, next[this.#held[modifier]]);
  }

  /** What a key sends with what is held; a text that is longer than a key is left alone. */
  apply(data: string): string {
    const { ctrl, alt } = this.#held;
    if ((ctrl === "off" && alt === "off") || [...data].length !== 1) return data;
    const key = ctrl === "off" ? data : controlOf(data);
    this.#release();
    return alt === "off" ? key : `\x1b${key}`;
  }

  /** The same for a key that moves the cursor; `isApplication` is how the program asked for it (DECCKM). */
  cursor(key: CursorKey, isApplication: boolean): string {
    const { ctrl, alt } = this.#held;
    const modifiers = 1 + (alt === "off" ? 0 : 2) + (ctrl === "off" ? 0 : 4);
    this.#release();
    if (modifiers > 1) return `\x1b[1;${modifiers}${CURSOR[key]}`;
    return `\x1b${isApplication ? "O" : "["}${CURSOR[key]}`;
  }

  #release(): void {
    for (const modifier of ["ctrl", "alt"] as const) {
      if (this.#held[modifier] === "once") this.#set(modifier, "off");
    }
  }

  #set(modifier: Modifier, held: Held): void {
    this.#held[modifier] = held;
    this.#changed(modifier, held);
  }
}

function controlOf(key: string): string {
  const upper = key.toUpperCase();
  if (/^[A-Z]$/.test(upper)) return String.fromCharCode(upper.charCodeAt(0) - 64);
  return CONTROLS[key] ?? key;
}
