/** The words of what can be done, in the page's own language. */
import { COMMANDS, type CommandWords } from "../lib/words/commands/mod.ts";
import { language } from "./words.ts";

export const acts: CommandWords = COMMANDS[language] ?? COMMANDS.en;
