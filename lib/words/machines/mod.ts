/** The words of the page of one's machines, in each language. */
import type { Language } from "../mod.ts";
import { en, type MachinesWords } from "./en.ts";
import { de } from "./de.ts";
import { zh } from "./zh.ts";

export type { MachinesWords };
export const MACHINES: Readonly<Record<Language, MachinesWords>> = { en, de, zh };
