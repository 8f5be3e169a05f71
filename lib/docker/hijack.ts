/** An attached container's connection as a duplex of bytes that waits for the other side. */
import { type ConnectionCall, IDLE_READ_BYTES, openConnection } from "./connection.ts";
import { DockerStreamError } from "./errors.ts";

/** What one read takes at most while the stream floods. */
export const READ_BYTES = 64 * 1024;

/** How much may wait to be written before further writes are refused. */
export const QUEUED_WRITE_BYTES = 1024 * 1024;

/**
 * Sends the request and hands over the connection after the answer's head: 101, or 200 from an
 * Engine that does not say "Upgrade"
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach).
 *
 * @throws {DockerError} with Docker's message when the Engine refuses
 * @throws {DockerUnreachableError} when the socket cannot be reached or the connection is lost
 */
export async function openHijacked(
  call: ConnectionCall & {
    /** Whose stream it is: "container abc". */
    readonly owner: string;
  },
): Promise<HijackedStream> {
  const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  const { conn, head } = await openConnection({ ...call, headers: upgrade });
  return new HijackedStream(conn, head.rest, call.owner);
}

/**
 * The bytes of a container's terminal, both ways. A container with a TTY has one raw stream, which
 * this is; without one, Docker puts an 8-byte header before each piece of output, and these headers
 * come through as they are.
 */
export class HijackedStream implements AsyncDisposable {
  readonly #conn: Deno.UnixConn;
  readonly #owner: string;
  #phase: "open" | "half-closed" | "closed" = "open";
  /** What came glued to the answer's head. */
  #early: Uint8Array;
  /** Small while little comes, so that a quiet stream costs little. */
  #buffer = new Uint8Array(IDLE_READ_BYTES);
  #reading: Promise<Uint8Array | null> | undefined;
  #reset: DockerStreamError | undefined;
  #writes: Promise<void> = Promise.resolve();
  #queuedBytes = 0;
  #writtenBytes = 0;
  #closing: Promise<void> | undefined;

  constructor(conn: Deno.UnixConn, early: Uint8Array, owner: string) {
    this.#conn = conn;
    this.#early = early;
    this.#owner = owner;
  }

  /**
   * The next bytes, at most `maxBytes` of them and good until the next read; null at the end, and
   * when this side closes the stream. One read at a time.
   *
   * The Engine resets the connection when the container ends with input still unread. All output
   * has been read by then, so a caller that waits for the exit may take it for the end.
   *
   * @throws {DockerStreamError} when the other side reset the connection; again on each later read
   * @throws {TypeError} when another read is pending
   * @throws {RangeError} when `maxBytes` is below 1
   */
  async read(maxBytes: number = READ_BYTES): Promise<Uint8Array | null> {
    if (!(maxBytes >= 1)) throw new RangeError(`Cannot read ${maxBytes} bytes at most: 1 is least`);
    if (this.#reading) throw new TypeError("Cannot read: another read is pending");
    try {
      return await (this.#reading = this.#read(Math.floor(maxBytes)));
    } finally {
      this.#reading = undefined;
    }
  }

  /** How many bytes the kernel has taken, over all writes; of one that failed, those that left. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /**
   * Writes all of `bytes`, which must stay as they are until it resolves: then the kernel has them.
   * Writes keep their order; it stays pending for as long as the container does not read.
   *
   * @throws {DockerStreamError} when either side has closed the stream, or when more than
   *   `QUEUED_WRITE_BYTES` wait already
   */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#phase === "half-closed") {
      return Promise.reject(this.#error("write to", "its writing side was closed"));
    }
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes.length > QUEUED_WRITE_BYTES) {
      const why = `${this.#queuedBytes} bytes wait already; await each write`;
      return Promise.reject(this.#error("write to", why));
    }
    this.#queuedBytes += bytes.length;
    return this.#inTurn(async () => {
      try {
        for (let sent = 0; sent < bytes.length;) {
          const count = await this.#conn.write(bytes.subarray(sent));
          sent += count;
          this.#writtenBytes += count;
        }
      } finally {
        this.#queuedBytes -= bytes.length;
      }
    });
  }

  /**
   * Closes the writing side after the writes before it; reading goes on. A second call does nothing.
   *
   * @throws {DockerStreamError} when either side has closed the stream
   */
  closeWrite(): Promise<void> {
    if (this.#phase === "half-closed") return this.#writes;
    if (this.#phase === "open") this.#phase = "half-closed";
    return this.#inTurn(() => this.#conn.closeWrite());
  }

  /** Closes both ways: a pending read gives null, pending writes reject. Always the same promise. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(maxBytes: number): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    if (this.#reset) throw this.#reset;
    if (this.#early.length > 0) {
      const chunk = this.#early.slice(0, maxBytes);
      this.#early = this.#early.slice(maxBytes);
      return chunk;
    }
    const buffer = this.#buffer.subarray(0, maxBytes);
    try {
      const count = await this.#conn.read(buffer);
      if (count === null) return null;
      if (count === this.#buffer.length) this.#resizeBuffer(READ_BYTES);
      else if (count < Math.min(maxBytes, IDLE_READ_BYTES)) this.#resizeBuffer(IDLE_READ_BYTES);
      return buffer.subarray(0, count);
    } catch (cause) {
      if (this.#closed) return null;
      throw this.#reset = this.#error("read from", "the connection was reset", cause);
    }
  }

  #resizeBuffer(bytes: number): void {
    if (this.#buffer.length !== bytes) this.#buffer = new Uint8Array(bytes);
  }

  get #closed(): boolean {
    return this.#phase === "closed";
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#writes.then(work).catch((cause) => {
      const why = this.#closed ? "it was closed" : "the container's stream is closed";
      throw this.#error("write to", why, cause);
    });
    // The next in turn finds out by itself; only the caller of this one hears of it.
    this.#writes = turn.catch(() => {});
    return turn;
  }

  async #close(): Promise<void> {
    this.#phase = "closed";
    this.#conn[Symbol.dispose]();
    await Promise.allSettled([this.#reading, this.#writes]);
  }

  #error(doing: "read from" | "write to", why: string, cause?: unknown): DockerStreamError {
    return new DockerStreamError(`Cannot ${doing} ${this.#owner}: ${why}`, { cause });
  }
}
