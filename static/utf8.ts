/** UTF-8 that comes in pieces, as text; xterm.js itself loses characters that are cut in two. */

/** What a byte inside a character looks like (RFC 3629, section 3). */
const isInside = (byte: number) => (byte & 0xc0) === 0x80;

/** The most bytes of a character after its first. */
const INSIDE_BYTES = 3;

export class Utf8Stream {
  #decoder = decoder();
  /** How many bytes may still belong to a character whose beginning is not known. */
  #insideBytes = 0;

  /** The characters that these bytes complete; a wrong byte is U+FFFD. */
  decode(bytes: Uint8Array): string {
    let start = 0;
    while (this.#insideBytes > 0 && start < bytes.length) {
      if (isInside(bytes[start]!)) {
        start++;
        this.#insideBytes--;
      } else this.#insideBytes = 0;
    }
    return this.#decoder.decode(bytes.subarray(start), { stream: true });
  }

  /** Bytes are missing here: what is left of a character before them or after them is dropped. */
  skip(): void {
    this.#decoder = decoder();
    this.#insideBytes = INSIDE_BYTES;
  }

  /** No more bytes come: what shows that a character was cut off. */
  end(): string {
    return this.#decoder.decode();
  }
}

function decoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
