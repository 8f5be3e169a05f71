/** The words of files in and out of a terminal. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { en, type FileWords } from "./en.ts";
import { zh } from "./zh.ts";

export type { FileWords };
export const FILES: Readonly<Record<Language, FileWords>> = { en, de, zh };
