/** A connection to a port of one's machine on a gateway, and one that a program here has made. */
import { Buffer } from "node:buffer";
import { BrokenOffError, PORT_SUBPROTOCOL, type PortStream } from "../protocol/port_stream.ts";
import { encodeClientFrame, MessageReader, OPCODE } from "../terminal/websocket.ts";
import type { ApiParts } from "./api.ts";
import { ApiError, AwayError } from "./errors.ts";

/** What is read at a time, below the longest message that a gateway takes, and the longest that it sends. */
const READ_BYTES = 32 * 1024, MESSAGE_BYTES = 64 * 1024;
/** How long an opening may take, and how long its answer may be. */
const OPENING_MS = 30_000, ANSWER_BYTES = 16 * 1024;
/** How long a gateway has to close what has ended. */
const CLOSE_MS = 5_000;
/** The longest sentence that a refusal is told in. */
const WORDS = 300;

/** The gateway gives none, for a reason that it says in a sentence. */
class PortRefusedError extends Error {
  override readonly name = "PortRefusedError";
}

/**
 * Through a gateway: a WebSocket (RFC 6455) on a connection of its own, as Deno's own one reads on
 * where nobody takes what it has read. It goes to that gateway alone, wherever an answer may lead.
 */
export class RemotePort implements PortStream {
  readonly #connection: Deno.Conn;
  readonly #reader = new MessageReader(MESSAGE_BYTES, "server");
  readonly #buffer = new Uint8Array(READ_BYTES);
  #writes: Promise<unknown> = Promise.resolve();
  #phase: "open" | "closed" = "open";
  /** Whether it was told that this side has ended. */
  #saidEnd = false;
  /** What comes behind the gateway's own end: signs of life, and its close. */
  #rest: Promise<unknown> | null = null;

  private constructor(connection: Deno.Conn, ahead: Uint8Array) {
    this.#connection = connection;
    if (ahead.length > 0) this.#reader.push(ahead);
  }

  /**
   * @param path below `/api/v1`
   * @throws {ApiError | AwayError}
   */
  static async open({ url, authorization, ca }: ApiParts, path: string): Promise<RemotePort> {
    const { protocol, hostname, port, host, pathname } = new URL(url);
    const to = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
    const dial = protocol === "https:"
      ? Deno.connectTls({
        ...{ ...to, port: to.port || 443, caCerts: ca === null ? [] : [ca] },
        alpnProtocols: ["http/1.1"],
      })
      : Deno.connect({ ...to, port: to.port || 80 });
    const connection: Deno.TcpConn | Deno.TlsConn = await dial.catch((cause) => {
      throw new AwayError(`${url} does not answer: ${cause.message}`, { cause });
    });
    const late = setTimeout(() => connection.close(), OPENING_MS);
    try {
      if ("setNoDelay" in connection) connection.setNoDelay(true);
      const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
      await write(
        connection,
        new TextEncoder().encode(
          `GET ${pathname.replace(/\/$/, "")}/api/v1${path} HTTP/1.1\r\nHost: ${host}\r\n` +
            `Authorization: ${authorization}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
            `Sec-WebSocket-Protocol: ${PORT_SUBPROTOCOL}\r\n\r\n`,
        ),
      );
      return new RemotePort(connection, await opened(connection));
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new AwayError(`${url} does not answer: ${(cause as Error).message}`, { cause });
    } finally {
      clearTimeout(late);
    }
  }

  /** @throws {PortRefusedError | BrokenOffError} */
  async read(): Promise<Uint8Array | null> {
    const bytes = await this.#message();
    if (bytes.length > 0) return bytes;
    this.#rest = (async () => {
      while (true) await this.#message();
    })().catch(() => {});
    return null;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#send(OPCODE.binary, bytes);
  }

  async closeWrite(): Promise<void> {
    await this.#send(OPCODE.binary, new Uint8Array());
    this.#saidEnd = true;
  }

  /** Where both have ended the gateway closes it, once it has all. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    const late = setTimeout(() => this.#connection.close(), CLOSE_MS);
    if (this.#saidEnd) await this.#rest;
    clearTimeout(late);
    try {
      this.#connection.close();
    } catch {
      // it took too long
    }
  }

  async #message(): Promise<Uint8Array> {
    while (true) {
      const frame = this.#reader.next();
      if (frame === null) {
        const count = await this.#connection.read(this.#buffer).catch(() => null);
        if (count === null) throw new BrokenOffError();
        this.#reader.push(this.#buffer.subarray(0, count));
        continue;
      }
      const { what, payload } = frame;
      if (what === "message") return payload;
      if (what === "ping") await this.#send(OPCODE.pong, payload);
      if (what !== "close") continue;
      const reason = new TextDecoder().decode(payload.subarray(2));
      await this.#send(OPCODE.close, payload.subarray(0, 2)).catch(() => {});
      throw reason === "" ? new BrokenOffError() : new PortRefusedError(reason);
    }
  }

  #send(opcode: number, payload: Uint8Array): Promise<void> {
    const mask = crypto.getRandomValues(new Uint8Array(4));
    const frame = encodeClientFrame(opcode, payload, mask);
    const sent = this.#writes.then(() => write(this.#connection, frame));
    this.#writes = sent.catch(() => {}); // who sent it is told
    return sent;
  }
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Reads the answer to an opening. @returns what came behind it. @throws {ApiError | Error} */
async function opened(connection: Deno.Conn): Promise<Uint8Array> {
  let answer = Buffer.alloc(0);
  const read = async () => {
    const buffer = new Uint8Array(READ_BYTES);
    const count = await connection.read(buffer);
    if (count !== null) answer = Buffer.concat([answer, buffer.subarray(0, count)]);
    return count !== null && answer.length < ANSWER_BYTES;
  };
  let end: number;
  while ((end = answer.indexOf("\r\n\r\n")) < 0) {
    if (!await read()) throw new Error("it does not answer as a gateway does");
  }
  const head = answer.toString("latin1", 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  if (status === 101) return new Uint8Array(answer.subarray(end + 4));
  const bytes = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  while (answer.length < end + 4 + bytes && await read());
  connection.close();
  const words = answer.toString("utf8", end + 4).trim();
  const isSentence = /^content-type: *text\/plain/im.test(head) && words.length < WORDS;
  throw new ApiError(status, isSentence ? words : `the gateway answers with ${status}`);
}

/** From a program here. */
export class LocalPort implements PortStream {
  readonly #buffer = new Uint8Array(READ_BYTES);
  #phase: "open" | "closed" = "open";

  constructor(private readonly connection: Deno.TcpConn) {}

  async read(): Promise<Uint8Array | null> {
    const count = await this.connection.read(this.#buffer);
    return count === null ? null : this.#buffer.subarray(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await write(this.connection, bytes);
  }

  closeWrite(): Promise<void> {
    return this.connection.closeWrite();
  }

  // deno-lint-ignore require-await -- as a stream has it
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase === "open") this.connection.close();
    this.#phase = "closed";
  }
}
