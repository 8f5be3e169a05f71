/** The words of what can be done in the terminal page, in each language. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { type CommandWords, en } from "./en.ts";
import { zh } from "./zh.ts";

export type { CommandWords };
export const COMMANDS: Readonly<Record<Language, CommandWords>> = { en, de, zh };
