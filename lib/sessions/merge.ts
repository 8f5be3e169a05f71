/** Puts output together from what is known of it, what a log has and what was heard since; pure. */
import { Buffer } from "node:buffer";
import { concat } from "../bytes.ts";

const NEWLINE = 0x0a;

/** So much of the known output is looked for in a log that has lost its beginning. */
const NEEDLE_BYTES = 4 * 1024;

/** A stretch of output, and the offset after its last byte. */
export interface Stretch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: number;
  /** How its first byte finds the terminal, where that is known and not as usual. */
  readonly modes?: string;
}

/** How what was heard fits what was known. */
export interface Joined extends Stretch {
  /** Whether nothing can be missing: a line may be that was not finished while nobody listened. */
  readonly sure: boolean;
}

/**
 * Joins known output, the log that goes on from there, and what was heard since some moment in
 * it: the last whole line of the heard is the last one of the log.
 *
 * @returns null when it is not known where the log goes on from
 */
export function join(
  known: Stretch,
  log: Uint8Array<ArrayBuffer>,
  heard: Uint8Array<ArrayBuffer>,
): Joined | null {
  const logged = splice(known, log);
  if (logged === null || heard.length === 0) return logged && { ...logged, sure: true };
  const news = logged.bytes.subarray(logged.bytes.length - (logged.end - known.end));
  // A log that has unfinished lines, too, has all that was heard.
  if (isSame(news.slice(-heard.length), heard)) return { ...logged, sure: true };
  const lines = heard.subarray(0, heard.lastIndexOf(NEWLINE) + 1);
  // The log may still be behind, and end in the middle of what was heard.
  const { longest, next } = overlaps(news, lines);
  const sure = longest > 0 && (longest === lines.length || next < longest / 2);
  const rest = heard.subarray(longest);
  return { bytes: concat([logged.bytes, rest]), end: logged.end + rest.length, sure };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * How much of a text's end is the beginning of another, at most and next to that; the second is near
 * the first where they repeat themselves. In linear time, after Knuth, Morris and Pratt.
 */
function overlaps(text: Uint8Array, other: Uint8Array): { longest: number; next: number } {
  const tail = text.subarray(Math.max(0, text.length - other.length));
  /** Of each beginning of the other: the longest of its own ends that is a beginning, too. */
  const shorter = new Int32Array(Math.min(other.length, tail.length) + 1);
  const advance = (matched: number, byte: number | undefined) => {
    while (matched > 0 && other[matched] !== byte) {
      matched = shorter[matched]!;
    }
    return other[matched] === byte ? matched + 1 : 0;
  };
  for (let length = 2; length < shorter.length; length++) {
    shorter[length] = advance(shorter[length - 1]!, other[length - 1]);
  }
  let longest = 0;
  for (const byte of tail) longest = advance(longest, byte);
  return { longest, next: shorter[longest] ?? 0 };
}

/**
 * Joins known output and a log that has whole lines only, and perhaps not from the beginning on.
 * Output that repeats itself fits in more than one place: then there is none to be sure of.
 *
 * @returns all the output that is known by both, or null when their place is not known
 */
function splice(known: Stretch, log: Uint8Array<ArrayBuffer>): Stretch | null {
  const { bytes, end } = known;
  if (log.length === 0) return known;
  if (bytes.length === 0) return end === 0 ? { bytes: log, end: log.length } : null;
  const inLog = place(log, bytes.slice(-NEEDLE_BYTES));
  if (inLog === "several") return null;
  if (inLog !== "none") return { bytes: log, end: end + log.length - inLog };
  // The last line of what is known has not come to the log.
  const inKnown = place(bytes, log.slice(-NEEDLE_BYTES));
  if (inKnown === "several") return null;
  if (inKnown !== "none") {
    return { bytes: log.length > inKnown ? concat([log, bytes.subarray(inKnown)]) : bytes, end };
  }
  // Nor has any other that is known; then a log that has all before is as long as that.
  return log.length === end - bytes.length ? { bytes: concat([log, bytes]), end } : null;
}

/**
 * Where after a part the whole goes on. Searched as text, a character for each byte: the engine's
 * search takes no time at hostile output.
 */
function place(
  whole: Uint8Array<ArrayBuffer>,
  part: Uint8Array<ArrayBuffer>,
): number | "none" | "several" {
  const latin1 = new TextDecoder("latin1");
  const [text, piece] = [latin1.decode(whole), latin1.decode(part)];
  const first = text.indexOf(piece);
  if (first < 0) return "none";
  return text.lastIndexOf(piece) === first ? first + part.length : "several";
}
