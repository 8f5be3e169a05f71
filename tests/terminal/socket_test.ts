import { assert, assertEquals } from "@std/assert";
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { acceptSocket } from "../../lib/terminal/socket.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";

/** A network connection that a test plays the other side of. */
class Connection extends Duplex {
  #reads = false;
  readonly #waiting: (() => void)[] = [];
  /** What the server wrote and the client read. */
  readBytes = 0;

  override _read(): void {}
  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    const taken = () => {
      this.readBytes += chunk.length;
      done();
    };
    if (this.#reads) taken();
    else this.#waiting.push(taken);
  }
  /** ws sets these on a network socket. */
  setTimeout(): void {}
  setNoDelay(): void {}

  /** From now on, the client reads. */
  drain(): void {
    this.#reads = true;
    for (const taken of this.#waiting.splice(0)) taken();
  }
}

/** A client's frame (RFC 6455, section 5.2), masked with zeros. */
function frame(opcode: number, payload = new Uint8Array(0)): Uint8Array {
  return Uint8Array.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0, ...payload);
}

const BINARY = 2, PING = 9;

async function open() {
  const connection = new Connection();
  const request = {
    method: "GET",
    headers: {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "ttygate.v1",
    },
  } as unknown as IncomingMessage;
  const socket = await acceptSocket(request, connection, new Uint8Array(0), new ManualClock());
  return { connection, socket };
}

/** Pushes frames, some at a time, until the server reads no more; resolves with how many. */
async function pushUntilPaused(connection: Connection, bytes: Uint8Array, most: number) {
  let pushed = 0;
  while (pushed < most && !connection.isPaused()) {
    for (let i = 0; i < 100; i++, pushed++) connection.push(bytes);
    await settle();
  }
  return pushed;
}

Deno.test("empty messages that nobody takes make the network wait, too", async () => {
  const { connection, socket } = await open();
  connection.drain();
  const pushed = await pushUntilPaused(connection, frame(BINARY), 50_000);
  assert(pushed < 10_000, `${pushed} messages were taken`);
  let taken = 0;
  for await (const message of socket) {
    assertEquals(message.length, 0);
    if (++taken === pushed) break;
  }
  assert(!connection.isPaused());
  connection.destroy();
});

Deno.test("pings are answered, but not to a client that reads nothing", async () => {
  const { connection } = await open();
  const payload = new Uint8Array(120);
  for (let i = 0; i < 5000; i++) connection.push(frame(PING, payload));
  await settle();
  assert(connection.writableLength < 70_000, `${connection.writableLength} bytes of answers wait`);
  connection.drain();
  await settle();
  const before = connection.readBytes;
  connection.push(frame(PING, payload));
  await settle();
  assertEquals(connection.readBytes - before, 2 + payload.length);
  connection.destroy();
});
