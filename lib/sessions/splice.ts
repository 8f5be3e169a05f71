/** Puts output together from what is known of it, what a log has and what was heard since; pure. */
import { concat } from "@std/bytes/concat";
import { endsWith } from "@std/bytes/ends-with";
import { equals } from "@std/bytes/equals";

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
 * @returns null when the known output and the log have nothing in common
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
 *
 * @returns all the output that is known by both, or null when they have nothing in common
 */
function splice(known: Stretch, log: Uint8Array<ArrayBuffer>): Stretch | null {
  const { bytes, end } = known;
  if (log.length === 0) return known;
  // A log that has all of it from offset 0 on.
  const start = end - bytes.length;
  const shared = Math.min(log.length, end) - start;
  if (shared >= 0 && equals(log.subarray(start, start + shared), bytes.subarray(0, shared))) {
    return log.length >= end
      ? { bytes: log, end: log.length }
      : { bytes: concat([log, bytes.subarray(shared)]), end };
  }
  const needle = bytes.slice(-NEEDLE_BYTES);
  const found = needle.length > 0 ? lastIndexOf(log, needle) : -1;
  if (found >= 0) return { bytes: log, end: end + log.length - found - needle.length };
  // The last line of what is known has not come to the log.
  const lines = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  if (lines.length > 0 && endsWith(log, lines.slice(-NEEDLE_BYTES))) {
    return { bytes: concat([log, bytes.subarray(lines.length)]), end };
  }
  return endsWith(lines, log) ? known : null;
}

/** Searched as text, a character for each byte: the engine's search takes no time at hostile output. */
function lastIndexOf(log: Uint8Array<ArrayBuffer>, needle: Uint8Array<ArrayBuffer>): number {
  const latin1 = new TextDecoder("latin1");
  return latin1.decode(log).lastIndexOf(latin1.decode(needle));
}
