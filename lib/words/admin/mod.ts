/** The words of the administrators' page, in each language. */
import type { Language } from "../mod.ts";
import { type AdminWords, en } from "./en.ts";
import { de } from "./de.ts";
import { zh } from "./zh.ts";

export type { AdminWords };
export const ADMIN: Readonly<Record<Language, AdminWords>> = { en, de, zh };
