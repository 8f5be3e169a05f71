/** Puts output together from what is known of it, what a log has and what was heard since; pure. */
import { concat } from "@std/bytes/concat";
import { endsWith } from "@std/bytes/ends-with";

/** So much of the known output is looked for in a log that has lost its beginning. */
const NEEDLE_BYTES = 4 * 1024;

/** A stretch of output, and the offset after its last byte. */
export interface Stretch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: number;
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
  const lines = heard.slice(0, heard.lastIndexOf(0x0a) + 1);
  const sure = lines.length > 0 && endsWith(logged.bytes, lines.slice(-NEEDLE_BYTES));
  const rest = sure ? heard.slice(lines.length) : heard;
  return { bytes: concat([logged.bytes, rest]), end: logged.end + rest.length, sure };
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
