/** What is typed here, for one reader after the other: a read that waits cannot be taken back. */
import { abortable } from "../../clock.ts";

/** More than is ever typed at once; what is pasted comes in pieces. */
const READ_BYTES = 4096;

/** The read that waits; null where there is none. */
let waiting: Promise<Uint8Array | null> | null = null;

/**
 * The next bytes; null where the terminal is gone.
 *
 * @throws the reason of `until`; what is typed later is for who reads next
 */
export async function typed(until: AbortSignal): Promise<Uint8Array | null> {
  waiting ??= read();
  const bytes = await abortable(waiting, until);
  waiting = null;
  return bytes;
}

/** A line, without its end, as the terminal lets people edit it; null where it is gone. */
export async function typedLine(): Promise<string | null> {
  const never = new AbortController().signal;
  let line = "";
  while (!line.endsWith("\n")) {
    const bytes = await typed(never);
    if (bytes === null) return null;
    line += new TextDecoder().decode(bytes);
  }
  return line.trim();
}

async function read(): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(READ_BYTES);
  const count = await Deno.stdin.read(buffer).catch(() => null);
  return count === null ? null : buffer.subarray(0, count);
}
