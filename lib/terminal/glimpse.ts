/** What somebody knows a terminal by among others: the title that a program gave, and its last line; pure. */

/** How much of the output is looked at, from its end. */
export const GLIMPSE_BYTES = 2 * 1024;

/** The longest title and line, in characters. */
const CHARACTERS = 100;

// deno-lint-ignore no-control-regex
const TITLE = /\x1b\][02];([^\x07\x1b]*)(?:\x07|\x1b\\)/g;
/** What moves the cursor elsewhere ends a line (CUP, HVP, VPA, ED; ECMA-48). */
// deno-lint-ignore no-control-regex
const MOVES = /\x1b\[[\d;]*[HfdJ]/g;
/** Strings, control sequences and other escape sequences; also what is left of a string, as of an image. */
const SEQUENCES =
  // deno-lint-ignore no-control-regex
  /^[^\x1b\x07\n]*(?:\x07|\x1b\\)|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|\x1b[\x20-\x2f]*[\x30-\x7e]/g;
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]+/gu;

/** What is known of a terminal; both may be "". */
export interface Glimpse {
  readonly title: string;
  readonly lastLine: string;
}

/** @param output the end of what was printed */
export function glimpse(output: Uint8Array): Glimpse {
  const text = new TextDecoder().decode(output);
  const title = [...text.matchAll(TITLE)].at(-1)?.[1] ?? "";
  const lines = text.replaceAll(MOVES, "\n").replaceAll(SEQUENCES, "").split("\n");
  // What a return went back over was written again.
  const seen = lines.map((line) => bounded(line.trimEnd().split("\r").at(-1)!));
  return { title: bounded(title), lastLine: seen.findLast((line) => line !== "") ?? "" };
}

function bounded(text: string): string {
  return text.replaceAll(UNSEEN, " ").trim().slice(0, CHARACTERS).toWellFormed();
}
