/** A WebSocket as a bounded async iterable of messages, with sends that wait for the network. */
import type { Duplex } from "node:stream";
import type { Bucket } from "../bucket.ts";
import type { Clock } from "../types.ts";
import { costOf } from "./allowance.ts";
import { isAck, MESSAGE_BYTES, SUBPROTOCOL } from "../protocol/frame.ts";
import {
  acceptKey,
  encodeClose,
  encodeFrame,
  encodeHead,
  MessageReader,
  OPCODE,
  type Received,
  WebSocketError,
} from "./websocket.ts";

/** Received messages kept before the network is made to wait. */
const QUEUE_BYTES = 4 * MESSAGE_BYTES;
/** What each of them adds to its own bytes, so that many small ones fill the queue, too. */
const MESSAGE_OVERHEAD_BYTES = 64;
/** A message that is less than this part of what came with it is copied: it may wait for long. */
const COPIED_PART = 1 / 4;
/** How many frames are taken before others have their turn, and how long this one rests then. */
const TURN_FRAMES = 32, TURN_REST_MS = 1;
/** So many messages that were sent may each be acknowledged at no cost. */
const FREE_ACKS = 1024;
/** Unsent bytes above which no ping is sent or answered: a client that reads nothing gets none. */
const PING_BUFFER_BYTES = 64 * 1024;
/**
 * What may wait to be sent. Of output one message is under way; the rest is events, which nobody waits
 * for: a client that reads none, and says that it is there, is cut.
 */
const UNSENT_BYTES = 1024 * 1024;
/** A message this long is not copied to be sent in one piece with its head. */
const LONG_BYTES = 4 * 1024;
/** How long a client has to answer a close before its connection is cut. */
const CLOSE_MS = 1_000;
/** A client that is silent for two beats is asked whether it is there; after four, it is not. */
const BEAT_MS = 4_000, ASKED_BEATS = 2, GONE_BEATS = 4;

/** What a connection needs. */
export interface SocketParts {
  /** Of the user whose client it is. */
  readonly allowance: Bucket;
  readonly clock: Clock;
  readonly subprotocol?: string; // of terminals unless given
}

/**
 * Answers an opening, whose head has been checked, with 101 (RFC 6455, section 4.2.2).
 *
 * @param opening its key, its connection, and what came behind its head
 */
export function acceptSocket(
  { key, connection, ahead }: { key: string; connection: Duplex; ahead: Uint8Array },
  { subprotocol = SUBPROTOCOL, ...parts }: SocketParts,
): TerminalSocket {
  const accept = acceptKey(key);
  connection.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
  );
  if (ahead.length > 0) connection.unshift(ahead);
  const socket = new TerminalSocket(connection, parts);
  connection.resume();
  return socket;
}

/** One client's connection. Iterate it once; it ends when the connection does. */
export class TerminalSocket {
  readonly #connection: Duplex;
  readonly #allowance: Bucket;
  readonly #clock: Clock;
  readonly #reader = new MessageReader(MESSAGE_BYTES);
  /** closing: our close was sent, and is to be answered; deaf: nothing more is read from the client. */
  #phase: "open" | "closing" | "deaf" | "over" = "open";
  #flow: "flowing" | "resting" | "full" = "flowing";
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #arrived = Promise.withResolvers<void>();
  readonly #over = new AbortController();
  readonly #gone = Promise.withResolvers<void>();
  /** Whether the client closed, too, or answered our close, which comes behind all that was sent. */
  #answered = false;
  #freeAcks = 0;
  /** The payload of a ping that is to be answered. */
  #ping: Uint8Array | null = null;
  #silentBeats = 0;
  #beat: Disposable;
  #rest: Disposable | null = null;
  #cut: Disposable | null = null;

  constructor(connection: Duplex, { allowance, clock }: SocketParts) {
    this.#connection = connection;
    this.#allowance = allowance;
    this.#clock = clock;
    this.#beat = clock.timer(BEAT_MS, () => this.#onBeat());
    connection.on("error", () => connection.destroy()); // "close" follows, and is what counts
    connection.on("close", () => this.#onClose());
    connection.on("end", () => this.#finish());
    connection.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    if (connection.destroyed) this.#onClose();
  }

  /** Aborted when the connection is over, no matter who ended it. */
  get closed(): AbortSignal {
    return this.#over.signal;
  }

  /** The client's messages in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    while (true) {
      const message = this.#queue.shift();
      if (message !== undefined) {
        this.#queuedBytes -= message.length + MESSAGE_OVERHEAD_BYTES;
        if (this.#flow === "full" && this.#queuedBytes <= QUEUE_BYTES / 2) this.#read();
        yield message;
      } else if (this.#over.signal.aborted) {
        return;
      } else {
        await this.#arrived.promise;
      }
    }
  }

  /** Sends a message; resolves when the kernel has taken it, or the connection is over. */
  send(message: Uint8Array): Promise<void> {
    if (this.#phase !== "open") return this.#gone.promise;
    if (this.#connection.writableLength > UNSENT_BYTES) {
      this.#connection.destroy();
      return this.#gone.promise;
    }
    this.#freeAcks = Math.min(FREE_ACKS, this.#freeAcks + 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const connection = this.#connection;
    if (message.length < LONG_BYTES) {
      connection.write(encodeFrame(OPCODE.binary, message), () => resolve());
    } else {
      connection.cork();
      connection.write(encodeHead(OPCODE.binary, message.length));
      connection.write(message, () => resolve());
      connection.uncork();
    }
    return promise;
  }

  /**
   * Closes with a code and a reason of at most 123 bytes; resolves when the connection is over.
   *
   * @returns whether the client has got all that was sent
   */
  async close(code: number, reason = ""): Promise<boolean> {
    if (this.#phase === "over") return false;
    if (this.#phase === "open") this.#sayClose("closing", encodeClose(code, reason));
    await this.#gone.promise;
    return this.#answered;
  }

  #onData(chunk: Uint8Array): void {
    this.#silentBeats = 0;
    if (this.#phase === "deaf") this.#allowance.spend(costOf(chunk.length));
    else this.#reader.push(chunk);
    this.#read();
  }

  /** Reads as much as this client may have read now, and has the rest wait. */
  #read(): void {
    if (this.#phase === "over") return;
    let waitMs = this.#allowance.waitMs;
    if (waitMs === 0) {
      waitMs = this.#allowance.spend(this.#readTurn());
      if (!this.#reader.empty && this.#isReading) waitMs ||= TURN_REST_MS;
    }
    if (this.#isFull) this.#stop("full");
    else if (waitMs > 0) this.#stop("resting", waitMs);
    else this.#goOn();
  }

  /** @returns what it cost */
  #readTurn(): number {
    let units = 0;
    try {
      for (let i = 0; i < TURN_FRAMES && this.#isReading && !this.#isFull; i++) {
        const received = this.#reader.next();
        if (received === null) break;
        units += this.#take(received);
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      if (this.#phase === "open") this.#sayClose("deaf", encodeClose(error.code, error.message));
      this.#phase = "deaf";
    }
    if (this.#ping !== null) this.#control(OPCODE.pong, this.#ping);
    this.#ping = null;
    return units;
  }

  /** @returns what it costs */
  #take({ what, payload }: Received): number {
    switch (what) {
      case "message":
        if (this.#phase === "open") this.#enqueue(payload);
        if (this.#freeAcks === 0 || !isAck(payload)) break;
        this.#freeAcks--;
        return 0;
      case "ping":
        this.#ping = payload.slice(); // of several, the last is answered (section 5.5.3)
        break;
      case "close":
        this.#answered = true;
        if (this.#phase === "open") this.#sayClose("deaf", payload.slice(0, 2));
        this.#finish();
        break;
      case "part":
      case "pong":
        break;
      default:
        what satisfies never;
    }
    return costOf(payload.length);
  }

  #enqueue(message: Uint8Array): void {
    const isSmall = message.length < message.buffer.byteLength * COPIED_PART;
    this.#queue.push(isSmall ? message.slice() : message);
    this.#queuedBytes += message.length + MESSAGE_OVERHEAD_BYTES;
    this.#wake();
  }

  get #isReading(): boolean {
    return this.#phase === "open" || this.#phase === "closing";
  }

  get #isFull(): boolean {
    return this.#queuedBytes >= QUEUE_BYTES;
  }

  /** Has the network wait: until there is room, or for some time. */
  #stop(flow: "full" | "resting", forMs = 0): void {
    if (this.#flow === "flowing") this.#connection.pause();
    this.#flow = flow;
    this.#rest?.[Symbol.dispose]();
    this.#rest = flow === "full" ? null : this.#clock.timer(forMs, () => this.#read());
  }

  #goOn(): void {
    if (this.#flow === "flowing") return;
    this.#flow = "flowing";
    this.#connection.resume();
  }

  #control(opcode: number, payload: Uint8Array): void {
    const { writableLength } = this.#connection;
    if (this.#phase !== "open" || writableLength >= PING_BUFFER_BYTES) return;
    this.#connection.write(encodeFrame(opcode, payload));
  }

  #sayClose(phase: "closing" | "deaf", payload: Uint8Array): void {
    this.#phase = phase;
    this.#connection.write(encodeFrame(OPCODE.close, payload));
    this.#queue.length = this.#queuedBytes = 0; // what waits is not wanted any more
    this.#cutSoon();
    if (this.#flow === "full") this.#read(); // the answer lies behind it
  }

  /** Nothing more is said or heard: ends the connection once all is sent. */
  #finish(): void {
    if (this.#phase !== "over") this.#phase = "deaf";
    this.#connection.end();
    this.#cutSoon();
  }

  #cutSoon(): void {
    this.#cut ??= this.#clock.timer(CLOSE_MS, () => this.#connection.destroy());
  }

  #onClose(): void {
    this.#phase = "over";
    for (const timer of [this.#beat, this.#rest, this.#cut]) timer?.[Symbol.dispose]();
    this.#over.abort();
    this.#gone.resolve();
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Finds out that a client is gone without a word: whatever it says shows that it is there. */
  #onBeat(): void {
    this.#beat = this.#clock.timer(BEAT_MS, () => this.#onBeat());
    // A client that is kept waiting by us cannot be heard.
    if (this.#flow !== "flowing") return;
    this.#silentBeats++;
    if (this.#silentBeats === GONE_BEATS) this.#connection.destroy();
    else if (this.#silentBeats === ASKED_BEATS) this.#control(OPCODE.ping, new Uint8Array());
  }
}
