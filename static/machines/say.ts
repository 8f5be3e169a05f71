/** The words of the page, in its own language. */
/// <reference lib="dom" />
import { languageOf } from "../../lib/words/mod.ts";
import { MACHINES, type MachinesWords } from "../../lib/words/machines/mod.ts";

/** The gateway chose it by what the browser asks for; a test without a page speaks English. */
const language = languageOf(globalThis.document?.documentElement.lang ?? null);

export const say: MachinesWords = MACHINES[language];
