/** A WebSocket (RFC 6455) that costs the client next to nothing, so that the server is measured. */
import { randomBytes } from "node:crypto";

const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const READ_BYTES = 4 * 1024;
/** Room for the longest message of ttygate, and the begin of the next. */
const BUFFER_BYTES = 128 * 1024;
const CLOSE_MS = 1000;

/** How it is opened. */
export interface WebSocketOptions {
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes each message's bytes, which are good until it returns. */
  readonly message: (bytes: Uint8Array) => void;
}

export class BenchWebSocket {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  #phase: "open" | "paused" | "closed" = "open";
  readonly #closing = Promise.withResolvers<void>();
  #writes: Promise<unknown> = Promise.resolve();
  /** The beginning of a message in several frames. */
  #begun: Uint8Array = new Uint8Array();

  private constructor(
    private readonly conn: Deno.TcpConn,
    private readonly message: (bytes: Uint8Array) => void,
    early: Uint8Array,
  ) {
    this.closed = this.#read(early).catch(() => {}).finally(() => {
      this.#phase = "closed";
      conn[Symbol.dispose]();
    });
  }

  /** @param url "ws://host:port/path" */
  static async open(url: string, options: WebSocketOptions): Promise<BenchWebSocket> {
    const { hostname, port, host, pathname, search } = new URL(url);
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conn.setNoDelay(true);
    const headers = {
      host,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      ...(options.protocol && { "sec-websocket-protocol": options.protocol }),
      ...options.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
    await conn.write(new TextEncoder().encode(request));
    let head: Uint8Array = new Uint8Array(), end = -1;
    while (end < 0) {
      const more = await readSome(conn);
      if (more === null) throw new Error(`Cannot connect to ${url}: the connection was closed`);
      head = joined(head, more);
      end = new TextDecoder("latin1").decode(head).indexOf("\r\n\r\n");
    }
    const status = new TextDecoder().decode(head.subarray(0, 12));
    if (status !== "HTTP/1.1 101") throw new Error(`Cannot connect to ${url}: ${status}`);
    return new BenchWebSocket(conn, options.message, head.slice(end + 4));
  }

  /** Sends bytes as a binary message, a string as text. */
  send(message: Uint8Array | string): void {
    if (typeof message === "string") this.#frame(TEXT, new TextEncoder().encode(message));
    else this.#frame(BINARY, message);
  }

  /** Reads no more, until it is closed. */
  pause(): void {
    this.#phase = "paused";
  }

  async close(): Promise<void> {
    if (this.#phase === "closed") return;
    this.#frame(CLOSE, new Uint8Array());
    this.#closing.resolve();
    const timer = setTimeout(() => this.conn[Symbol.dispose](), CLOSE_MS);
    await this.closed;
    clearTimeout(timer);
  }

  async #read(early: Uint8Array): Promise<void> {
    let buffer = new Uint8Array(BUFFER_BYTES), length = early.length;
    buffer.set(early);
    while (true) {
      const taken = this.#takeFrames(buffer.subarray(0, length));
      if (this.#phase === "paused") await this.#closing.promise;
      if (taken > 0) buffer.copyWithin(0, taken, length);
      length -= taken;
      if (length === buffer.length) buffer = joined(buffer, new Uint8Array(length));
      const count = await this.conn.read(buffer.subarray(length));
      if (count === null) return;
      length += count;
    }
  }

  /** @returns how many bytes it took; a frame that has not come whole stays */
  #takeFrames(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= 2) {
      let length = bytes[at + 1]! & 0x7f, start = at + 2;
      if (length === 126 && bytes.length >= at + 4) length = view.getUint16(at + 2);
      else if (length === 127 && bytes.length >= at + 10) length = view.getUint32(at + 6);
      else if (length >= 126) break;
      if ((bytes[at + 1]! & 0x7f) >= 126) start += (bytes[at + 1]! & 0x7f) === 126 ? 2 : 8;
      if (bytes.length < start + length) break;
      const payload = bytes.subarray(start, start + length);
      const opcode = bytes[at]! & 0x0f, isLast = (bytes[at]! & 0x80) !== 0;
      if (opcode === PING) this.#frame(PONG, payload);
      else if (opcode === CLOSE) this.conn[Symbol.dispose]();
      else if (opcode !== PONG) this.#take(payload, opcode, isLast);
      at = start + length;
    }
    return at;
  }

  #take(payload: Uint8Array, opcode: number, isLast: boolean): void {
    if (opcode === CONTINUATION) payload = joined(this.#begun, payload);
    if (isLast) this.message(payload);
    else this.#begun = payload.slice();
  }

  /** Masked with zeroes: a mask protects proxies, of which there are none here. */
  #frame(opcode: number, payload: Uint8Array): void {
    const extended = payload.length < 126 ? 0 : payload.length < 65536 ? 2 : 8;
    const frame = new Uint8Array(2 + extended + 4 + payload.length);
    const view = new DataView(frame.buffer);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (extended === 0 ? payload.length : extended === 2 ? 126 : 127);
    if (extended === 2) view.setUint16(2, payload.length);
    if (extended === 8) view.setUint32(6, payload.length);
    frame.set(payload, 2 + extended + 4);
    const write = async () => {
      for (let sent = 0; sent < frame.length;) sent += await this.conn.write(frame.subarray(sent));
    };
    this.#writes = this.#writes.then(write).catch(() => {});
  }
}

async function readSome(conn: Deno.Conn): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(READ_BYTES);
  const count = await conn.read(buffer);
  return count === null ? null : buffer.subarray(0, count);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
