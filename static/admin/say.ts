/** The words of the page, in its own language. */
/// <reference lib="dom" />
import { ADMIN, type AdminWords } from "../../lib/words/admin/mod.ts";
import { languageOf } from "../../lib/words/mod.ts";

/** The gateway chose it by what the browser asks for; a test without a page speaks English. */
const language = languageOf(globalThis.document?.documentElement.lang ?? null);

export const say: AdminWords = ADMIN[language];
