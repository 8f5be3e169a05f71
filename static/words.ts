/** The words of the page, in its own language. */
/// <reference lib="dom" />
import type { Language } from "../lib/words/mod.ts";
import { TERMINAL, type TerminalWords } from "../lib/words/terminal/mod.ts";

/** The gateway chose it by what the browser asks for; a test without a page speaks English. */
export const language = (globalThis.document?.documentElement.lang || "en") as Language;

export const words: TerminalWords = TERMINAL[language] ?? TERMINAL.en;

/** A time in its largest unit, rounded down: "1 minute", "5 hours". */
export const inWords = words.time;
