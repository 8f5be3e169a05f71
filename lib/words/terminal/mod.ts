/** The words of the log-in and of the terminal page, in each language. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { en, type TerminalWords } from "./en.ts";
import { zh } from "./zh.ts";

export type { TerminalWords };
export const TERMINAL: Readonly<Record<Language, TerminalWords>> = { en, de, zh };
