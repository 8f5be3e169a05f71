/** A client's end of a WebSocket that leads to an agent from within this process. */
import { Buffer } from "node:buffer";
import { type Duplex, duplexPair } from "node:stream";
import { CLOSE } from "../protocol/frame.ts";
import { encodeClientFrame, MessageReader, OPCODE } from "../terminal/websocket.ts";
import type { Opening } from "./agent.ts";

const MESSAGE_BYTES = 128 * 1024;

/** What serves it: an agent, with the client's end of the connection. Rejects where nobody does. */
export type Serve = (opening: Opening, over: AbortSignal) => Promise<void>;

export interface NearSocketUser {
  /** What it throws closes the connection. The bytes are its own. */
  message(message: Uint8Array): void;
  /**
   * The connection is over; may be told again.
   *
   * @param error why nobody served it
   */
  closed(code: number, error?: unknown): void;
}

/** Disposing it closes the connection. */
export class NearSocket implements Disposable {
  readonly #connection: Duplex;
  readonly #user: NearSocketUser;
  readonly #reader = new MessageReader(MESSAGE_BYTES, "server");
  readonly #left = new AbortController();
  /** The head of the answer to the upgrade is read. */
  #isAnswered = false;

  constructor(serve: Serve, user: NearSocketUser) {
    this.#user = user;
    const [near, far] = duplexPair();
    this.#connection = near;
    // Neither end of a pair hears that the other one is destroyed.
    this.#left.signal.addEventListener("abort", () => far.destroy());
    near.on("data", (chunk: Buffer) => {
      try {
        this.#receive(chunk);
      } catch { // an agent may say anything
        user.closed(CLOSE.failed);
        near.destroy();
      }
    });
    near.on("error", () => user.closed(CLOSE.failed));
    near.on("end", () => user.closed(CLOSE.failed));
    const key = Buffer.alloc(16).toString("base64"); // no proxy is in between that it could fool
    serve({ key, connection: far, ahead: new Uint8Array() }, this.#left.signal).then(
      () => user.closed(CLOSE.failed),
      (error) => user.closed(CLOSE.failed, error),
    );
  }

  /** What waits to be taken by the agent. */
  get unsentBytes(): number {
    return this.#connection.writableLength;
  }

  send(message: Uint8Array): void {
    this.#connection.write(encodeClientFrame(OPCODE.binary, message));
  }

  [Symbol.dispose](): void {
    this.#left.abort({ why: "restart" });
    this.#connection.destroy();
  }

  #receive(chunk: Buffer): void {
    let bytes: Uint8Array = chunk;
    if (!this.#isAnswered) { // its head comes in one piece, as it was written
      this.#isAnswered = true;
      bytes = chunk.subarray(chunk.indexOf("\r\n\r\n") + 4);
    }
    this.#reader.push(new Uint8Array(bytes)); // it changes what it is given
    for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
      const { what, payload } = frame;
      if (what === "message") this.#user.message(payload);
      else if (what === "ping") this.#connection.write(encodeClientFrame(OPCODE.pong, payload));
      else if (what === "close") {
        const code = payload.length < 2 ? CLOSE.ended : payload[0]! << 8 | payload[1]!;
        this.#connection.end(encodeClientFrame(OPCODE.close, payload.subarray(0, 2)));
        this.#user.closed(code);
      }
    }
  }
}
