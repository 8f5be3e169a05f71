/** The words of terminals that are shared, in the page's own language. */
import { SHARING, type SharingWords } from "../lib/words/sharing/mod.ts";
import { language } from "./words.ts";

export const sharing: SharingWords = SHARING[language] ?? SHARING.en;
