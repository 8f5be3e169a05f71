/** Text that others say of themselves, made harmless for terminals, logs and metrics. */
import * as v from "valibot";

/** A text in one line, without what moves a cursor or turns the reading direction. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim();
}

/** A text that becomes such a line, of at most so many characters. */
export function line(mostChars: number) {
  return v.pipe(
    v.string(),
    v.maxLength(mostChars, `A text may have ${mostChars} characters.`),
    v.transform(oneLine),
  );
}
