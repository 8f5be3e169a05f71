/** Text of strangers, made harmless before it reaches a shell or a title; pure. */

/** The longest title, in characters. */
export const TITLE_CHARACTERS = 200;

/** C0 but tab and return, DEL and C1: what a terminal obeys (ECMA-48 5.2 and 5.3). */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f-\x9f]/g;

/** What cannot be seen in a title or turns round what stands beside it. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\s]+/gu;

/** Marks that all go onto one character, beyond what Unicode's stream-safe text has (UAX #15, 13). */
const HEAP = /([\p{M}\p{Cf}]{30})[\p{M}\p{Cf}]+/gu;

/** Pasted or dropped text as it may be typed: lines end with a return, other controls are gone. */
export function plain(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r").replace(CONTROLS, "");
}

/** Whether this is text of an input method, which may have taken it from elsewhere; no key is so. */
export function isComposed(data: string): boolean {
  return data.length > 1 && !data.startsWith("\x1b");
}

/** Output without heaps of marks, which take browsers minutes to draw. */
export function calm(text: string): string {
  return text.replace(HEAP, "$1");
}

/** The title that a program gave, on one line and of a bounded length; may be empty. */
export function titleOf(text: string): string {
  // A character takes two units at most, and as much again is left for what goes.
  const seen = text.slice(0, 4 * TITLE_CHARACTERS).replace(UNSEEN, " ").trim();
  const characters = [...seen];
  if (characters.length <= TITLE_CHARACTERS) return seen;
  return characters.slice(0, TITLE_CHARACTERS - 1).join("") + "…";
}
