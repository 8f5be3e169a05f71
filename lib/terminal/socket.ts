/** A WebSocket as a bounded async iterable of messages, with sends that wait for the network. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { WebSocket, WebSocketServer } from "ws";
import { settlesWithin } from "../clock.ts";
import type { Clock } from "../types.ts";
import { CLOSE, FrameError, MESSAGE_BYTES, SUBPROTOCOL } from "./frame.ts";

/** Received messages kept before the network is made to wait. */
const QUEUE_BYTES = 4 * MESSAGE_BYTES;
/** What each of them adds to its own bytes, so that many small ones fill the queue, too. */
const MESSAGE_OVERHEAD_BYTES = 64;
/** Unsent bytes above which a ping is not answered: a client that reads nothing gets no pongs. */
const PONG_BUFFER_BYTES = 64 * 1024;
/** How long a client has to answer a close or a ping before its connection is cut. */
const CLOSE_MS = 1_000;
/** What a connection ends with that just ends (RFC 6455, section 7.4.1). */
const NO_CLOSE_FRAME = 1006;
const PING_MS = 30_000;

const MESSAGE_TOO_BIG = 1009;

/** A ws socket that closes with the protocol's own code when a message is too long. */
class ProtocolSocket extends WebSocket {
  override close(code?: number, reason?: string | Uint8Array): void {
    super.close(code === MESSAGE_TOO_BIG ? CLOSE.protocolError : code, reason as string);
  }
}

const server = new WebSocketServer({
  noServer: true,
  maxPayload: MESSAGE_BYTES,
  perMessageDeflate: false,
  autoPong: false,
  handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  WebSocket: ProtocolSocket,
});

/** Answers an upgrade request with 101; resolves once the WebSocket is open (RFC 6455). */
export function acceptSocket(
  request: IncomingMessage,
  connection: Duplex,
  head: Uint8Array,
  clock: Clock,
): Promise<TerminalSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TerminalSocket>();
  if (connection.destroyed) reject(new Error("the connection closed before the upgrade"));
  connection.once("error", reject);
  connection.once("close", () => reject(new Error("the connection closed during the upgrade")));
  // deno-lint-ignore no-explicit-any -- node's Buffer type is wider than what ws reads
  server.handleUpgrade(request, connection, head as any, (socket) => {
    resolve(new TerminalSocket(socket, clock));
  });
  return promise;
}

/** One client's connection. Iterate it once; it ends when the connection does. */
export class TerminalSocket {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #arrived = Promise.withResolvers<void>();
  #violation: FrameError | null = null;
  readonly #over = new AbortController();
  /** Whether the client closed, too, or answered our close, which comes behind all that was sent. */
  #answered = false;
  #ping: Disposable;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on("message", (data, isBinary) => this.#receive(data as Uint8Array, isBinary));
    socket.on("ping", (data) => {
      if (socket.bufferedAmount < PONG_BUFFER_BYTES) socket.pong(data);
    });
    socket.on("error", () => {}); // "close" follows, and is what counts
    socket.on("close", (code) => this.#closed(code));
    this.#ping = this.#heartbeat();
  }

  /** Aborted when the connection is over, whoever ended it. */
  get closed(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * The client's messages in order.
   *
   * @throws {FrameError} when the client sends text
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    while (true) {
      const message = this.#queue.shift();
      if (message !== undefined) {
        this.#queuedBytes -= message.length + MESSAGE_OVERHEAD_BYTES;
        if (this.#queuedBytes <= QUEUE_BYTES / 2 && this.#socket.isPaused) this.#socket.resume();
        yield message;
      } else if (this.#violation) {
        throw this.#violation;
      } else if (this.#over.signal.aborted) {
        return;
      } else {
        await this.#arrived.promise;
      }
    }
  }

  /** Sends a message; resolves when the kernel has taken it, or the connection is over. */
  send(message: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.send(message, { binary: true }, () => resolve());
    return promise;
  }

  /**
   * Closes with a code and a reason of at most 123 bytes; resolves when the connection is over.
   *
   * @returns whether the client has got all that was sent
   */
  async close(code: number, reason = ""): Promise<boolean> {
    if (this.#over.signal.aborted) return false;
    const over = Promise.withResolvers<void>();
    this.#over.signal.addEventListener("abort", () => over.resolve(), { once: true });
    this.#socket.resume(); // a paused socket would not see the answer
    this.#socket.close(code, reason);
    if (!await settlesWithin(over.promise, CLOSE_MS, this.#clock)) this.#socket.terminate();
    await over.promise;
    return this.#answered;
  }

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (this.#violation) return;
    if (isBinary) {
      this.#queue.push(data);
      this.#queuedBytes += data.length + MESSAGE_OVERHEAD_BYTES;
      if (this.#queuedBytes >= QUEUE_BYTES) this.#socket.pause();
    } else {
      this.#violation = new FrameError("a message is text, not binary");
    }
    this.#wake();
  }

  #closed(code: number): void {
    this.#answered = code !== NO_CLOSE_FRAME;
    this.#ping[Symbol.dispose]();
    this.#over.abort();
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Finds out that a client is gone without a word (RFC 6455, section 5.5.2). */
  #heartbeat(): Disposable {
    let phase: "quiet" | "asked" = "quiet";
    this.#socket.on("pong", () => phase = "quiet");
    const beat = () => {
      // A client that is kept waiting by us cannot be heard either.
      if (phase === "asked" && !this.#socket.isPaused) return this.#socket.terminate();
      phase = "asked";
      this.#socket.ping();
      this.#ping = this.#clock.timer(PING_MS, beat);
    };
    return this.#clock.timer(PING_MS, beat);
  }
}
