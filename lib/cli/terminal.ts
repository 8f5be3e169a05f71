/** The terminal that a command prints to, if any. */

/** What a terminal has that does not say its size. */
const USUAL_COLUMNS = 80;

/** Characters in a line of the terminal on standard output; null when that is none. */
export function terminalColumns(): number | null {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns || USUAL_COLUMNS : null;
}
