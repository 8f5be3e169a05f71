/** The output of a program without a terminal, as Docker mixes its two streams into one; pure. */
import { Buffer } from "node:buffer";

/** Docker's header before each piece of output: which stream, three zeros, the length (u32). */
const HEADER_BYTES = 8;
const STDERR = 2;

/** Some of what it says. */
export interface Piece {
  readonly isError: boolean;
  /** Good for as long as what it was read from. */
  readonly bytes: Uint8Array;
}

/**
 * Tells standard output from standard error
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach).
 */
export class Pieces {
  /** Of a header that came in part. */
  #head: Uint8Array = new Uint8Array();
  /** What is still to come of the piece that is under way, and whether that is of standard error. */
  #bytes = 0;
  #isError = false;

  /** @returns what the stream's next bytes bring, in order */
  take(bytes: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    let rest = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    while (rest.length > 0) {
      if (this.#bytes === 0) {
        if (rest.length < HEADER_BYTES) break;
        this.#isError = rest[0] === STDERR;
        this.#bytes = new DataView(rest.buffer, rest.byteOffset).getUint32(4);
        rest = rest.subarray(HEADER_BYTES);
      }
      const piece = rest.subarray(0, this.#bytes);
      this.#bytes -= piece.length;
      rest = rest.subarray(piece.length);
      if (piece.length > 0) pieces.push({ isError: this.#isError, bytes: piece });
    }
    this.#head = Uint8Array.from(rest); // what was read is good until the next read only
    return pieces;
  }
}
