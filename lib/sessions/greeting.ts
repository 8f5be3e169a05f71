/** The message of the day: the first output of a session, which its shell never wrote; pure. */
import type { Stretch } from "./merge.ts";

/** A text as a terminal takes it: each line from its beginning, and what follows below it. */
export function greetingOf(text: string): Stretch {
  const lines = text === "" ? "" : text.replace(/\r?\n$/, "").replaceAll(/\r?\n/g, "\r\n") + "\r\n";
  const bytes = new TextEncoder().encode(lines);
  return { bytes, end: bytes.length };
}

/** Takes the greeting off a session's output: what is left is the shell's own, from its 0 on. */
export function withoutGreeting(
  { bytes, end }: Stretch,
  greetingBytes: number,
): { readonly greeting: Uint8Array<ArrayBuffer>; readonly own: Stretch } {
  const start = end - bytes.length;
  const cut = Math.min(bytes.length, Math.max(0, greetingBytes - start));
  const own = { bytes: bytes.subarray(cut), end: end - greetingBytes };
  return { greeting: bytes.subarray(0, cut), own };
}
