/** The words of terminals that are shared, in each language. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { en, type SharingWords } from "./en.ts";
import { zh } from "./zh.ts";

export type { SharingWords };
export const SHARING: Readonly<Record<Language, SharingWords>> = { en, de, zh };
