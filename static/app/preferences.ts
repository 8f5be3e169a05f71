/** What a person prefers in this browser: kept over visits, read leniently, told to who asked. */
/// <reference lib="dom" />
import type { Drawing } from "../terminal/renderer.ts";
import { type PaletteName, PALETTES } from "../terminal/palette.ts";

/** All of it, with what stands where nothing was chosen. */
export const DEFAULTS = {
  /** Of pages and terminal. */
  look: "dark" as "dark" | "light" | "system" | "contrast",
  palette: "pine" as PaletteName,
  /** Of the terminal, in CSS pixels; 0 is as wide as suits the window. */
  fontSize: 0,
  /** A family that is installed here; "" is the browser's own for code. */
  fontFamily: "",
  cursor: "block" as "block" | "bar" | "underline",
  /** What draws the terminal. */
  drawing: "auto" as Drawing,
  bell: "mark" as "mark" | "sound" | "off",
  /** Whether the desktop tells of a bell in a page that nobody sees. */
  notices: false,
  /** Whether Ctrl+C copies while something is selected. */
  copyKey: true,
  copyOnSelect: false,
  /** Whether several lines are shown before they are pasted. */
  pasteGuard: true,
  screenReader: false,
  /** Whether a program may put text into the clipboard; asked once. */
  copies: "ask" as "ask" | "yes" | "no",
};
export type Preferences = typeof DEFAULTS;

/** What may be chosen, where that is a choice of few. */
export const CHOICES = {
  look: ["dark", "light", "system", "contrast"],
  palette: Object.keys(PALETTES) as PaletteName[],
  cursor: ["block", "bar", "underline"],
  drawing: ["auto", "page", "webgl"],
  bell: ["mark", "sound", "off"],
  copies: ["ask", "yes", "no"],
} as const satisfies { readonly [K in keyof Preferences]?: readonly Preferences[K][] };

/** The sizes that text may have. */
export const FONT_PX = { least: 8, most: 32 } as const;
const FAMILY_CHARACTERS = 100;

const KEY = "ttygate.preferences";

/** What of a stored text can be understood; the rest is as if nothing had been chosen; pure. */
export function understood(text: string | null): Preferences {
  const stored = parsed(text);
  const known = Object.entries(DEFAULTS).map(([name, standard]) => {
    const value = stored[name];
    return [name, isGood(name as keyof Preferences, value) ? value : standard];
  });
  return Object.fromEntries(known);
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isGood(name: keyof Preferences, value: unknown): boolean {
  if (typeof value !== typeof DEFAULTS[name]) return false;
  if (name in CHOICES) {
    return (CHOICES as Record<string, readonly unknown[]>)[name]!.includes(value);
  }
  if (name === "fontSize") return value === 0 || clampedSize(value as number) === value;
  if (name === "fontFamily") {
    return /^[^";{}\\]*$/.test(value as string) && (value as string).length <= FAMILY_CHARACTERS;
  }
  return true;
}

/** A size of text that can be. */
export function clampedSize(px: number): number {
  return Math.min(FONT_PX.most, Math.max(FONT_PX.least, Math.round(px)));
}

/** The preferences of this browser; a change in another tab counts here too. */
export class Preferred {
  #now = understood(localStorage.getItem(KEY));
  readonly #listeners: ((now: Preferences) => void)[] = [];

  constructor() {
    addEventListener("storage", ({ key }) => {
      if (key === KEY || key === null) this.#take(understood(localStorage.getItem(KEY)));
    });
  }

  get now(): Preferences {
    return this.#now;
  }

  /** Calls back now, and at each change. */
  follow(listener: (now: Preferences) => void): void {
    this.#listeners.push(listener);
    listener(this.#now);
  }

  change(some: Partial<Preferences>): void {
    this.#take({ ...this.#now, ...some });
    // What is as by default is not kept: it may become another with a later version.
    const chosen = Object.entries(this.#now).filter(([name, value]) =>
      value !== DEFAULTS[name as keyof Preferences]
    );
    try {
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(chosen)));
    } catch {
      // no room, or none allowed: they hold for this page
    }
  }

  #take(now: Preferences): void {
    this.#now = now;
    for (const listener of this.#listeners) listener(now);
  }
}
