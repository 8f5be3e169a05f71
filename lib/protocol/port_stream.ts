/** A connection to a port as bytes both ways, of which each way ends by itself; pure. */

/** Bytes both ways. Disposing it ends both at once, also what waits. */
export interface ByteStream extends AsyncDisposable {
  /** The next bytes, good until the next read; null at the end. One read at a time. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when it is taken, which may be as late as the other side likes. */
  write(bytes: Uint8Array): Promise<void>;
}

/** The same as TCP has it. A read rejects where it broke off: null is an end that was meant. */
export interface PortStream extends ByteStream {
  /** Ends what this side says; reading goes on (shutdown(2)). */
  closeWrite(): Promise<void>;
}

/** It ended without a word. */
export class BrokenOffError extends Error {
  override readonly name = "BrokenOffError";

  constructor() {
    super("The connection broke off");
  }
}

/** Passes on what each says, no faster than the other takes it; resolves when both have ended. */
export async function join(one: PortStream, other: PortStream): Promise<void> {
  try {
    await Promise.all([pass(one, other), pass(other, one)]);
  } finally {
    await Promise.allSettled([one, other].map((stream) => stream[Symbol.asyncDispose]()));
  }
}

async function pass(from: PortStream, to: PortStream): Promise<void> {
  for (let bytes; (bytes = await from.read()) !== null;) await to.write(bytes);
  await to.closeWrite();
}

/** The longest piece, and what is before each: its length (u16). */
const PIECE_BYTES = 65_535, HEAD_BYTES = 2;

/** On a connection that can only end both ways at once: pieces, of which an empty one is an end. */
export class Pieces implements PortStream {
  readonly #raw: ByteStream;
  /** What came of a head, and what has not been read yet. */
  #head: number[] = [];
  #rest: Uint8Array = new Uint8Array();
  /** What is still to come of the piece that is under way. */
  #pieceBytes = 0;

  constructor(raw: ByteStream) {
    this.#raw = raw;
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      if (this.#rest.length === 0) {
        const bytes = await this.#raw.read();
        if (bytes === null) throw new BrokenOffError();
        this.#rest = bytes;
      }
      if (this.#pieceBytes > 0) {
        const bytes = this.#take(this.#pieceBytes);
        this.#pieceBytes -= bytes.length;
        if (bytes.length > 0) return bytes;
      } else {
        this.#head.push(...this.#take(HEAD_BYTES - this.#head.length));
        const [high, low] = this.#head;
        if (low === undefined) continue;
        this.#head = [];
        this.#pieceBytes = high! << 8 | low;
        if (this.#pieceBytes === 0) return null;
      }
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const framed = new Uint8Array(HEAD_BYTES + piece.length);
      framed.set([piece.length >> 8, piece.length & 0xff]);
      framed.set(piece, HEAD_BYTES);
      await this.#raw.write(framed);
    }
  }

  closeWrite(): Promise<void> {
    return this.#raw.write(new Uint8Array(HEAD_BYTES));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#raw[Symbol.asyncDispose]();
  }
  #take(most: number): Uint8Array {
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }
}

/** The WebSocket subprotocol of a connection to a port: its messages are bytes, an empty one an end. */
export const PORT_SUBPROTOCOL = "ttygate.port.v1";

/** Close codes of that, by what they mean; the reason is a sentence. */
export const PORT_CLOSE = {
  /** Both have ended. */
  ended: 1000,
  /** It broke off. */
  failed: 1011,
  restarting: 1012,
  loginEnded: 4401,
  /** There is no such machine. */
  unknown: 4404,
  /** The machine does not run, or its image cannot do it. */
  refused: 4409,
  limit: 4429,
  /** Nothing listens there. */
  closed: 4502,
  unable: 4503,
} as const;
