/** Input on its way to a session, in any client: each byte once, in order, over connections that break; pure. */
import { PAYLOAD_BYTES } from "./frame.ts";

/** The most input that may wait to be sent, far above any sensible paste. */
export const QUEUE_BYTES = 8 * 1024 * 1024;

/** The most input that may wait when the terminal answers a program: one that does not read asks on. */
const ANSWERS_QUEUE_BYTES = 16 * 1024;

/**
 * How much of what was last sent is kept to send again: more than the network and the gateway hold
 * on its way to a shell that reads nothing.
 */
export const KEPT_BYTES = 4 * 1024 * 1024;

/**
 * Input that waits, and a copy of what was sent but may not have arrived. What is sent counts in
 * the session's own numbers: its first byte of input is 0, no matter who sent it.
 */
export class InputQueue {
  readonly #pieces: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The byte number `n` lies at `n % KEPT_BYTES`. */
  readonly #kept = new Uint8Array(KEPT_BYTES);
  /** From where on what was sent is kept. */
  #keptFrom = 0;
  /** The number of the next byte to send. */
  #next = 0;
  /** The number that the last `ready` gave to this viewer. */
  #viewer = 0;

  /** @returns false, with nothing queued, when `input` would take the queue over its bound */
  push(input: Uint8Array, kind: "typed" | "answer" = "typed"): boolean {
    const most = kind === "typed" ? QUEUE_BYTES : ANSWERS_QUEUE_BYTES;
    if (this.#waitingBytes + input.length > most) return false;
    this.#pieces.push(...cut(input));
    this.#waitingBytes += input.length;
    return true;
  }

  /** The next message's bytes, 1 to `PAYLOAD_BYTES`; undefined when nothing waits. */
  take(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#waitingBytes -= piece.length;
    this.#keep(piece);
    return piece;
  }

  /**
   * A connection to the session is ready: what was sent and did not arrive waits again, before all
   * else. After another viewer nobody knows what that is, and nothing is sent twice.
   *
   * @param arrived the number of the next byte of input that the session expects
   * @param viewer how many viewers the session has had, this one included
   * @returns how many bytes did not arrive and are not kept any more
   */
  ready(arrived: number, viewer: number): number {
    const next = viewer === this.#viewer + 1 ? this.#next : arrived;
    this.#viewer = viewer;
    const from = Math.min(next, Math.max(arrived, this.#keptFrom));
    const again = this.#slice(from, next);
    this.#pieces.unshift(...cut(again));
    this.#waitingBytes += again.length;
    this.#next = this.#keptFrom = arrived;
    return Math.max(0, from - arrived);
  }

  get empty(): boolean {
    return this.#waitingBytes === 0;
  }

  /** For another session. */
  clear(): void {
    this.#pieces.length = 0;
    this.#waitingBytes = 0;
    this.#next = this.#keptFrom = this.#viewer = 0;
  }

  #keep(piece: Uint8Array): void {
    const next = this.#next;
    const at = next % KEPT_BYTES;
    const fits = piece.subarray(0, KEPT_BYTES - at);
    this.#kept.set(fits, at);
    this.#kept.set(piece.subarray(fits.length), 0);
    this.#next = next + piece.length;
    this.#keptFrom = Math.max(this.#keptFrom, this.#next - KEPT_BYTES);
  }

  /** A copy of the bytes from one number up to another, at most `KEPT_BYTES`. */
  #slice(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    const at = from % KEPT_BYTES;
    const first = this.#kept.subarray(at, at + bytes.length);
    bytes.set(first);
    bytes.set(this.#kept.subarray(0, bytes.length - first.length), first.length);
    return bytes;
  }
}

/** Messages' worth of bytes. */
function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += PAYLOAD_BYTES) {
    pieces.push(bytes.subarray(start, start + PAYLOAD_BYTES));
  }
  return pieces;
}
