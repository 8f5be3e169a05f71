/** What the person typed or pasted and the server has not been sent yet, cut into messages; pure. */
import { PAYLOAD_BYTES } from "../lib/terminal/frame.ts";

/** The most input that may wait, far above any sensible paste. */
export const QUEUE_BYTES = 8 * 1024 * 1024;

export class InputQueue {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** @returns false, with nothing queued, when `input` would take the queue over `QUEUE_BYTES` */
  push(input: Uint8Array): boolean {
    if (this.#bytes + input.length > QUEUE_BYTES) return false;
    for (let start = 0; start < input.length; start += PAYLOAD_BYTES) {
      this.#pieces.push(input.subarray(start, start + PAYLOAD_BYTES));
    }
    this.#bytes += input.length;
    return true;
  }

  /** The next message's bytes, 1 to `PAYLOAD_BYTES`; undefined when nothing waits. */
  take(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    this.#bytes -= piece?.length ?? 0;
    return piece;
  }

  get empty(): boolean {
    return this.#bytes === 0;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#bytes = 0;
  }
}

/** The bytes of an xterm `onBinary` string, in which each character stands for one byte. */
export function binaryBytes(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0));
}
