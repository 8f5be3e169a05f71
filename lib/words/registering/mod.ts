/** The words of those who make their own account, in each language. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { en, type RegisteringWords } from "./en.ts";
import { zh } from "./zh.ts";

export type { RegisteringWords };
export const REGISTERING: Readonly<Record<Language, RegisteringWords>> = { en, de, zh };
