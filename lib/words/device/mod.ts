/** The words of the page that lets another program log in, in each language. */
import type { Language } from "../mod.ts";
import { de } from "./de.ts";
import { type DeviceWords, en } from "./en.ts";
import { zh } from "./zh.ts";

export const DEVICE: Readonly<Record<Language, DeviceWords>> = { en, de, zh };
