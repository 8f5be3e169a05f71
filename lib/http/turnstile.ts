/** Lets the requests of one connection through to node:http one at a time, each at its turn. */
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Clock } from "../types.ts";
import type { FairQueue } from "./fair_queue.ts";

/** What is kept of what a client sends ahead; one that sends more is answered and let go. */
const AHEAD_BYTES = 8 * 1024;
/**
 * What is kept for all connections of a source, and for all together; above that, one that holds more
 * than its part is cut.
 */
const SOURCE_HELD_BYTES = 2 * 1024 * 1024, ALL_HELD_BYTES = 8 * 1024 * 1024;
const PART_HELD_BYTES = 2 * 1024;
/** How much is written at once: each part that leaves shows that the client reads. */
const WRITE_BYTES = 64 * 1024;
/** What a client may still say when it has had its last answer, and for how long (RFC 9112, 9.6). */
const FAREWELL_BYTES = 1024 * 1024;
const FAREWELL_MS = 1_000, SHORT_FAREWELL_MS = 100;

const NOTHING: Buffer = Buffer.alloc(0);

/** What was read and waits, of all connections. */
export class HeldBytes {
  #all = 0;
  readonly #sources = new Map<string | null, number>();

  add(source: string | null, bytes: number): void {
    const held = (this.#sources.get(source) ?? 0) + bytes;
    this.#all += bytes;
    if (held > 0) this.#sources.set(source, held);
    else this.#sources.delete(source);
  }

  /** Whether more is kept than may be; a proxy speaks for many sources. */
  isTooMuch(source: string | null): boolean {
    const held = source === null ? 0 : this.#sources.get(source) ?? 0;
    return this.#all > ALL_HELD_BYTES || held > SOURCE_HELD_BYTES;
  }
}

/** How a connection is let through. */
export interface TurnstileOptions {
  readonly fairQueue: FairQueue;
  readonly held: HeldBytes;
  readonly clock: Clock;
  /** Who pays for each turn; null for a proxy, whose clients pay when they are known. */
  readonly source: string | null;
  /** How long the connection may stand still. */
  readonly stillMs: number;
}

/**
 * Stands before node:http, which takes all requests that it is given at once, whether or not anybody
 * reads the answers. Here a request goes through when the answer to the one before has left; until
 * then nothing more is read than shows that the client is still there.
 */
export class Turnstile extends Duplex {
  readonly #raw: Socket;
  readonly #options: TurnstileOptions;
  /** Read and not yet let through. */
  #held: Buffer = NOTHING;
  /** The last two bytes that were let through of a part which has not ended. */
  #tail: Buffer = NOTHING;
  /** What is still to come of the body of the request that was let through last. */
  #bodyBytes = 0;
  /** Whether it waits for turns as well. */
  #isBodyFree = false;
  /** "ahead": the client sent too much ahead, and is let go after the answer that is under way. */
  #phase: "open" | "ahead" | "leaving" | "released" = "open";
  /** What is under way. */
  #current: { readonly request: IncomingMessage; readonly response: ServerResponse } | null = null;
  #turn: Disposable | null = null;

  constructor(raw: Socket, options: TurnstileOptions) {
    super({ allowHalfOpen: true, readableHighWaterMark: WRITE_BYTES });
    this.#raw = raw;
    this.#options = options;
    raw.setTimeout(options.stillMs);
    raw.on("data", this.#onData);
    raw.on("end", this.#onEnd);
    raw.on("close", this.#onClose);
    raw.resume();
  }

  /** Whether an answer is under way. */
  get answers(): boolean {
    return this.#current !== null;
  }

  /** Whether some of it may have been sent. */
  get isAnswering(): boolean {
    return this.#current?.response.headersSent ?? false;
  }

  get remoteAddress(): string | undefined {
    return this.#raw.remoteAddress;
  }

  /** node:http calls it with a time between two requests, and with none for the usual one. */
  setTimeout(delayMs: number): this {
    if (this.#phase !== "released") this.#raw.setTimeout(delayMs || this.#options.stillMs);
    return this;
  }

  /** A request has come through: nothing more does until it is whole and its answer has left. */
  occupy(request: IncomingMessage, response: ServerResponse): void {
    if (this.#current !== null) return void this.destroy(); // it found a way around
    this.#current = { request, response };
    const { "transfer-encoding": coding, "content-length": length } = request.headers;
    this.#bodyBytes = coding === undefined ? Number(length ?? 0) : 0;
    response.once("close", () => {
      this.#current = null;
      this.#isBodyFree = false;
      this.#pass();
    });
  }

  /** Lets the body of the request that is under way through as fast as it is read. */
  letBody(): void {
    this.#isBodyFree = true;
    this.#turn?.[Symbol.dispose]();
    this.#turn = null;
    queueMicrotask(() => this.#pass());
  }

  /** node:http goes on with a body whose reader was slow; it asks for no more than it did before. */
  override resume(): this {
    queueMicrotask(() => this.#pass());
    return super.resume();
  }

  /** Hands over the connection, with what was read ahead; it is paused. */
  release(): { readonly socket: Socket; readonly ahead: Buffer } {
    this.#phase = "released";
    this.#raw.pause();
    this.#raw.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    const ahead = this.#held;
    this.#forget();
    return { socket: this.#raw, ahead };
  }

  override _read(): void {
    // What is pushed from in here would be kept, and be more than one request when it is read.
    queueMicrotask(() => this.#pass());
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (chunk.length <= WRITE_BYTES) return void this.#raw.write(chunk, done);
    this.#raw.write(chunk.subarray(0, WRITE_BYTES), (error) => {
      if (error) done(error);
      else this._write(chunk.subarray(WRITE_BYTES), "buffer", done);
    });
  }

  /** A head and its body leave together. */
  override _writev(
    chunks: { chunk: Buffer; encoding: string }[],
    done: (error?: Error | null) => void,
  ): void {
    const last = chunks.length - 1;
    // A large one leaves in parts, and what follows it must not come between them.
    const next = (at: number) => {
      if (at > last) return done();
      this._write(chunks[at]!.chunk, "buffer", (error) => error ? done(error) : next(at + 1));
    };
    if (chunks.some(({ chunk }) => chunk.length > WRITE_BYTES)) return next(0);
    this.#raw.cork();
    chunks.forEach(({ chunk }, at) => this._write(chunk, "buffer", at === last ? done : () => {}));
    this.#raw.uncork();
  }

  /** The last answer has left. The client may still be talking, and must not lose it over that. */
  override _final(done: (error?: Error | null) => void): void {
    const isHeard = this.#phase === "open";
    this.#phase = "leaving";
    this.#forget();
    this.#raw.off("data", this.#onData);
    if (isHeard) this.#hearOut();
    this.#raw.end();
    const delayMs = isHeard ? FAREWELL_MS : SHORT_FAREWELL_MS;
    const timer = this.#options.clock.timer(delayMs, () => this.#raw.destroy());
    this.#raw.once("close", () => {
      timer[Symbol.dispose]();
      this.#forget();
    });
    done();
  }

  /** Takes what the client still says, turn by turn, and forgets it. */
  #hearOut(): void {
    const { fairQueue, source } = this.#options;
    let heardBytes = 0;
    this.#raw.on("data", (chunk: Uint8Array) => {
      heardBytes += chunk.length;
      if (heardBytes > FAREWELL_BYTES) this.#raw.destroy();
      if (source === null || fairQueue.enter(source)) return;
      this.#raw.pause();
      this.#turn = fairQueue.wait(source, () => this.#raw.resume());
    });
    this.#raw.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#forget();
    if (this.#phase !== "released" && this.#phase !== "leaving") this.#raw.destroy();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#hold(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]));
    this.#pass();
    if (this.#held.length === 0 || this.#phase !== "open") return;
    // It must wait, maybe for long: nothing more is read, and its buffer is little larger than it is.
    this.#raw.pause();
    if (this.#held.length < this.#held.buffer.byteLength / 2) this.#hold(Buffer.from(this.#held));
    const { held, source } = this.#options;
    if (this.#held.length > PART_HELD_BYTES && held.isTooMuch(source)) this.destroy();
  };

  readonly #onEnd = (): void => {
    this.#forget();
    this.push(null);
  };

  readonly #onClose = (): void => void this.destroy();

  #pass(): void {
    const { fairQueue, source } = this.#options;
    while (this.#turn === null && this.#mayPass()) {
      const isFree = source === null || (this.#isBodyFree && this.#bodyBytes > 0);
      if (isFree || fairQueue.enter(source)) this.#let();
      else {
        this.#turn = fairQueue.wait(source, () => {
          this.#turn = null;
          if (this.#mayPass()) this.#let();
          this.#pass();
        });
      }
    }
    if (this.#phase !== "open") return;
    if (this.#held.length === 0) this.#raw.resume();
    else if (this.#current?.request.complete && this.#held.length > AHEAD_BYTES) this.#leave();
  }

  #mayPass(): boolean {
    // What node:http has not taken yet may be a request.
    const isTaken = this.readableFlowing === true && this.readableLength === 0;
    return this.#phase === "open" && isTaken && this.#held.length > 0 &&
      (this.#current === null || !this.#current.request.complete);
  }

  /** Lets through what belongs together: as much of a body, or all up to the next empty line. */
  #let(): void {
    const held = this.#held;
    let bytes = held.length;
    if (this.#bodyBytes > 0) {
      bytes = Math.min(bytes, this.#bodyBytes);
      this.#bodyBytes -= bytes;
    } else {
      const part = this.#tail.length === 0 ? held : Buffer.concat([this.#tail, held]);
      const end = endOfPart(part);
      if (end !== null) bytes = end - this.#tail.length;
      this.#tail = end === null ? Buffer.from(part.subarray(-2)) : NOTHING;
    }
    this.#hold(held.subarray(bytes));
    this.push(held.subarray(0, bytes));
  }

  /** Says with the answer that is under way that it is the last. */
  #leave(): void {
    const { response } = this.#current!;
    this.#phase = "ahead";
    this.#raw.pause();
    this.#forget();
    if (!response.headersSent) response.setHeader("connection", "close");
    response.once("close", () => this.end());
  }

  #hold(bytes: Buffer): void {
    const { held, source } = this.#options;
    if (bytes.length !== this.#held.length) held.add(source, bytes.length - this.#held.length);
    this.#held = bytes;
  }

  #forget(): void {
    this.#hold(NOTHING);
    this.#turn?.[Symbol.dispose]();
    this.#turn = null;
  }
}

/** Where the first empty line ends. */
function endOfPart(bytes: Buffer): number | null {
  const [crlf, lf] = [bytes.indexOf("\n\r\n"), bytes.indexOf("\n\n")];
  if (crlf < 0 && lf < 0) return null;
  return lf < 0 || (crlf >= 0 && crlf < lf) ? crlf + 3 : lf + 2;
}
