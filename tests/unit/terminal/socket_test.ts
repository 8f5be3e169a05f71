import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { concat } from "../../../lib/bytes.ts";
import { Allowances, BURST_UNITS, UNITS_PER_SECOND } from "../../../lib/terminal/allowance.ts";
import { encodeAck, MESSAGE_BYTES } from "../../../lib/protocol/frame.ts";
import { acceptSocket } from "../../../lib/terminal/socket.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

/** A network connection that a test plays the other side of. */
class Connection extends Duplex {
  #reads = true;
  readonly #waiting: (() => void)[] = [];
  /** What the server wrote and the client read. */
  got: number[] = [];

  override _read(): void {}
  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    const taken = () => {
      for (const byte of chunk) this.got.push(byte);
      done();
    };
    if (this.#reads) taken();
    else this.#waiting.push(taken);
  }

  /** From now on, the client reads nothing. */
  stall(): void {
    this.#reads = false;
  }

  /** From now on, the client reads. */
  drain(): void {
    this.#reads = true;
    for (const taken of this.#waiting.splice(0)) taken();
  }

  /** What the client read since the last call. */
  heard(): number[] {
    const got = this.got;
    this.got = [];
    return got;
  }
}

const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const MASK = [1, 2, 3, 4];

interface Form {
  fin?: boolean;
  reserved?: number;
  masked?: boolean;
}

/** A client's frame (RFC 6455, section 5.2). */
function frame(
  opcode: number,
  payload: ArrayLike<number> = [],
  { fin = true, reserved = 0, masked = true }: Form = {},
): Uint8Array {
  const { length } = payload;
  const size = length < 126
    ? [length]
    : length < 65536
    ? [126, length >> 8, length & 255]
    : [127, 0, 0, 0, 0, length >>> 24, length >> 16 & 255, length >> 8 & 255, length & 255];
  if (masked) size[0]! |= 0x80;
  const head = [(fin ? 0x80 : 0) | reserved | opcode, ...size, ...(masked ? MASK : [])];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  for (let i = 0; i < length; i++) {
    bytes[head.length + i] = payload[i]! ^ (masked ? MASK[i % 4]! : 0);
  }
  return bytes;
}

/** Many of one frame. */
function many(count: number, one: Uint8Array): Uint8Array {
  const all = new Uint8Array(count * one.length);
  for (let i = 0; i < count; i++) all.set(one, i * one.length);
  return all;
}

function open(head: Uint8Array = new Uint8Array(0)) {
  const connection = new Connection();
  const clock = new ManualClock();
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const allowance = new Allowances(clock).of("alice");
  const socket = acceptSocket({ key, connection, ahead: head }, { allowance, clock });
  const greeting = new TextDecoder().decode(Uint8Array.from(connection.heard()));
  const messages: Uint8Array[] = [];
  const taken = (async () => {
    for await (const message of socket) messages.push(message);
  })();
  const push = async (bytes: Uint8Array) => {
    connection.push(bytes);
    // Streams hand on in ticks, which may come behind the timer of the first turn.
    await settle();
    await settle();
  };
  return { connection, socket, clock, greeting, messages, taken, push, allowance };
}

/** The code of the close that the client got, null when it got none. */
function closeCode(got: number[]): number | null {
  return got[0] === (0x80 | CLOSE) ? got[2]! << 8 | got[3]! : null;
}

Deno.test("the handshake is answered as the RFC's example says", () => {
  const { greeting, connection } = open();
  assertEquals(greeting.split("\r\n"), [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "Sec-WebSocket-Protocol: ttygate.v1",
    "",
    "",
  ]);
  connection.destroy();
});

Deno.test("messages of every length arrive unmasked, also those that came with the handshake", async () => {
  const { connection, messages, push } = open(frame(BINARY, [1, 2, 3, 4, 5]));
  await settle();
  const lengths = [0, 1, 125, 126, 127, 1023, 65535, MESSAGE_BYTES];
  const payloads = lengths.map((length) => Uint8Array.from({ length }, (_, i) => i * 7));
  for (const payload of payloads) await push(frame(BINARY, payload));
  assertEquals(messages.shift(), Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(messages.map(({ length }) => length), lengths);
  for (const [i, payload] of payloads.entries()) {
    assert(Buffer.compare(messages[i]!, payload) === 0, `${i}`);
  }
  connection.destroy();
});

Deno.test("messages arrive in order, however the network cuts them", async () => {
  const { connection, messages, push } = open();
  const sent = concat([
    frame(BINARY, [1]),
    frame(BINARY, new Uint8Array(300).fill(2)),
    frame(BINARY),
  ]);
  for (const byte of sent) await push(Uint8Array.of(byte));
  await push(concat([sent, sent.subarray(0, 9)]));
  await push(sent.subarray(9));
  assertEquals(messages.map(({ length }) => length), [1, 300, 0, 1, 300, 0, 1, 300, 0]);
  assertEquals(messages[4], new Uint8Array(300).fill(2));
  connection.destroy();
});

Deno.test("a message in several frames arrives whole, with control frames between them answered", async () => {
  const { connection, messages, push } = open();
  await push(frame(BINARY, [1, 2], { fin: false }));
  await push(frame(PING, [9]));
  await push(frame(CONTINUATION, [], { fin: false }));
  await push(frame(CONTINUATION, [3], { fin: false }));
  assertEquals(messages, []);
  await push(frame(CONTINUATION, [4]));
  assertEquals(messages, [Uint8Array.of(1, 2, 3, 4)]);
  assertEquals(connection.heard(), [0x80 | PONG, 1, 9]);
  await push(frame(BINARY, [5]));
  assertEquals(messages[1], Uint8Array.of(5));
  connection.destroy();
});

const WRONG: [string, number, ...Uint8Array[]][] = [
  ["a frame without a mask", 1002, frame(BINARY, [1], { masked: false })],
  ["a reserved bit", 1002, frame(BINARY, [1], { reserved: 0x40 })],
  ["an opcode that is none", 1002, frame(3)],
  ["a control opcode that is none", 1002, frame(11)],
  ["a ping over 125 bytes", 1002, frame(PING, new Uint8Array(126))],
  ["a ping in parts", 1002, frame(PING, [], { fin: false })],
  ["a close in parts", 1002, frame(CLOSE, [], { fin: false })],
  ["a continuation of nothing", 1002, frame(CONTINUATION, [1])],
  [
    "a message within another",
    1002,
    frame(BINARY, [1], { fin: false }),
    frame(BINARY, [1]),
  ],
  ["a close of one byte", 1002, frame(CLOSE, [3])],
  ["a close with a code that is not sent", 1002, frame(CLOSE, [3, 237])],
  ["text", 1008, frame(TEXT, [65])],
  ["the beginning of a text", 1008, frame(TEXT, [], { fin: false })],
  ["a message that is too long", 1008, frame(BINARY, new Uint8Array(MESSAGE_BYTES + 1))],
  [
    "parts that are too long together",
    1008,
    frame(BINARY, new Uint8Array(MESSAGE_BYTES), { fin: false }),
    frame(CONTINUATION, [1]),
  ],
  ["a length of many exabytes", 1008, Uint8Array.of(0x82, 0xff, ...Array(8).fill(255), ...MASK)],
];

for (const [name, code, ...frames] of WRONG) {
  Deno.test(`${name} closes with ${code}, and nothing after it counts`, async () => {
    const { connection, socket, clock, messages, taken, push } = open();
    for (const bytes of frames) await push(bytes);
    await push(frame(BINARY, [7]));
    await push(frame(PING, [7]));
    const got = connection.heard();
    assertEquals(closeCode(got), code);
    assertEquals(got.length, 2 + got[1]!);
    assertEquals(messages, []);
    await clock.advance(1000);
    assert(socket.closed.aborted && connection.destroyed);
    await taken;
    assertEquals(clock.pending, 0);
  });
}

Deno.test("a client's close is answered with its code, and the connection ended", async () => {
  const { connection, socket, clock, messages, taken, push } = open();
  const ended = new Promise((resolve) => connection.on("finish", resolve));
  await push(concat([frame(BINARY, [1]), frame(CLOSE, [3, 232, 66]), frame(BINARY, [2])]));
  await ended;
  assertEquals(connection.heard(), [0x80 | CLOSE, 2, 3, 232]);
  connection.push(null);
  await taken;
  assertEquals(messages.length, 0); // who closes wants nothing more
  assertEquals([socket.closed.aborted, clock.pending], [true, 0]);
});

Deno.test("close() resolves with whether the client answered, and drops what it still says", async () => {
  const { connection, socket, clock, messages, push } = open();
  const closing = socket.close(4409, "elsewhere");
  assertEquals(closeCode(connection.heard()), 4409);
  let sent = false;
  socket.send(Uint8Array.of(1)).then(() => sent = true);
  await push(concat([frame(BINARY, [1]), frame(CLOSE, [17, 57])]));
  assertEquals([connection.heard(), messages, sent], [[], [], false]);
  connection.push(null);
  assertEquals(await closing, true);
  await settle();
  assertEquals([sent, clock.pending], [true, 0]);
  assertEquals(await socket.close(1000), false);
});

Deno.test("close() waits for a second, and is told apart from an answer", async () => {
  const { connection, socket, clock } = open();
  const closing = socket.close(1000);
  await clock.advance(999);
  assertEquals(connection.destroyed, false);
  await clock.advance(1);
  assertEquals([await closing, clock.pending], [false, 0]);
});

Deno.test("close() finds its answer behind messages that nobody took", async () => {
  const clock = new ManualClock();
  const connection = new Connection();
  const opening = { key: "", connection, ahead: new Uint8Array(0) };
  const allowance = new Allowances(clock).of("alice");
  const socket = acceptSocket(opening, { allowance, clock });
  const big = frame(BINARY, new Uint8Array(MESSAGE_BYTES));
  for (let i = 0; i < 8; i++) {
    connection.push(big);
    await clock.advance(10);
  }
  assert(connection.isPaused());
  const closing = socket.close(1000);
  connection.push(frame(CLOSE, [3, 232]));
  for (let i = 0; i < 20; i++) await clock.advance(10);
  connection.push(null);
  assertEquals(await closing, true);
});

Deno.test("a client that closes its side without a word has left", async () => {
  const { connection, clock, taken } = open();
  connection.push(null);
  await taken;
  assertEquals([connection.writableEnded, clock.pending], [true, 0]);
});

Deno.test("empty messages that nobody takes make the network wait", async () => {
  const clock = new ManualClock();
  const connection = new Connection();
  const opening = { key: "", connection, ahead: new Uint8Array(0) };
  const allowance = new Allowances(clock).of("alice");
  const socket = acceptSocket(opening, { allowance, clock });
  let pushed = 0;
  while (pushed < 50_000 && connection.readableLength < 65536) {
    connection.push(many(100, frame(BINARY)));
    pushed += 100;
    await clock.advance(1_000);
  }
  assert(pushed < 20_000, `${pushed} messages were taken`);
  let taken = 0;
  const taking = (async () => {
    for await (const message of socket) {
      assertEquals(message.length, 0);
      if (++taken === pushed) break;
    }
  })();
  while (taken < pushed) await clock.advance(1_000);
  await taking;
  assert(!connection.isPaused());
  connection.destroy();
});

Deno.test("of tiny frames in one piece a few are taken in a turn, and others have theirs", async () => {
  for (const one of [frame(BINARY, [0, 1]), frame(PING, [1, 2]), frame(PONG), frame(BINARY)]) {
    const { connection, clock, messages, push, allowance } = open();
    const before = allowance.level;
    await push(many(8000, one));
    assert(connection.isPaused());
    assert(before - allowance.level <= 32, `${before - allowance.level} were taken`);
    assert(messages.length <= 32);
    await clock.advance(3);
    assert(before - allowance.level <= 4 * 32);
    connection.destroy();
  }
});

Deno.test("a user's clients together get no more than their allowance", async () => {
  const { connection, clock, messages, push } = open();
  await push(many(60_000, frame(BINARY, [0, 1])));
  const beginning = messages.length;
  await clock.advance(10_000);
  const most = BURST_UNITS + 10 * UNITS_PER_SECOND + 64;
  assert(messages.length <= most, `${messages.length} of ${most}`);
  assert(messages.length >= most - 500, `${messages.length} of ${most}`);
  assert(beginning <= 32);
  connection.destroy();
});

Deno.test("acknowledgements of what was sent cost nothing, others do", async () => {
  const { connection, socket, push, allowance } = open();
  const before = allowance.level;
  for (let i = 0; i < 5; i++) void socket.send(Uint8Array.of(0, 65));
  await push(many(5, frame(BINARY, encodeAck(1))));
  assertEquals(allowance.level, before);
  await push(many(3, frame(BINARY, encodeAck(1))));
  assertEquals(allowance.level, before - 3);
  connection.destroy();
});

Deno.test("of pings that come together the last is answered, and none while the client reads nothing", async () => {
  const { connection, push, clock, socket } = open();
  await push(concat([frame(PING, [1]), frame(PING, [2]), frame(PING, [3])]));
  assertEquals(connection.heard(), [0x80 | PONG, 1, 3]);
  connection.stall();
  void socket.send(new Uint8Array(100_000));
  await settle();
  const waiting = connection.writableLength;
  for (let i = 0; i < 100; i++) await push(frame(PING, new Uint8Array(120)));
  assertEquals(connection.writableLength, waiting);
  connection.drain();
  await clock.advance(1000);
  connection.heard();
  await push(frame(PING, [4]));
  assertEquals(connection.heard(), [0x80 | PONG, 1, 4]);
  connection.destroy();
});

Deno.test("a client that says nothing is asked within 8 s, and gone within 20", async () => {
  const { connection, socket, clock } = open();
  await clock.advance(8_000);
  assertEquals(connection.heard(), [0x80 | PING, 0]);
  await clock.advance(7_999);
  assertEquals([connection.heard(), socket.closed.aborted], [[], false]);
  await clock.advance(1);
  await settle();
  assertEquals([socket.closed.aborted, clock.pending], [true, 0]);
});

Deno.test("a client that answers pings stays, however long it acknowledges nothing", async () => {
  const { connection, socket, clock, push } = open();
  void socket.send(Uint8Array.of(0, 65));
  for (let minute = 0; minute < 60; minute++) {
    for (let beat = 0; beat < 15; beat++) {
      await clock.advance(4_000);
      if (connection.heard().includes(0x80 | PING)) await push(frame(PONG));
    }
  }
  assertEquals(socket.closed.aborted, false);
  connection.destroy();
});

Deno.test("a client that is kept waiting is not asked whether it is there", async () => {
  const clock = new ManualClock();
  const connection = new Connection();
  const opening = { key: "", connection, ahead: new Uint8Array(0) };
  const allowance = new Allowances(clock).of("alice");
  const socket = acceptSocket(opening, { allowance, clock });
  for (let i = 0; i < 5; i++) {
    connection.push(frame(BINARY, new Uint8Array(MESSAGE_BYTES)));
    await clock.advance(100);
  }
  await clock.advance(60_000);
  assertEquals(socket.closed.aborted, false);
  connection.destroy();
});

Deno.test("what is sent comes as whole frames without masks, in order", async () => {
  const { connection, socket } = open();
  const long = Uint8Array.from({ length: MESSAGE_BYTES }, (_, i) => i);
  const sends = [[], [1], new Uint8Array(126), new Uint8Array(5000), long]
    .map((bytes) => socket.send(Uint8Array.from(bytes)));
  await Promise.all(sends);
  const got = connection.heard();
  assertEquals(got.slice(0, 5), [0x82, 0, 0x82, 1, 1]);
  assertEquals(got.slice(5, 9), [0x82, 126, 0, 126]);
  assertEquals(got.slice(9 + 126, 13 + 126), [0x82, 126, 5000 >> 8, 5000 & 255]);
  const last = got.slice(13 + 126 + 5000);
  assertEquals(last.slice(0, 10), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assertEquals(Uint8Array.from(last.slice(10)), long);
  connection.destroy();
});

Deno.test("a small message does not hold all that came with it", async () => {
  const { connection, messages, push } = open();
  await push(concat([frame(BINARY, [1, 2]), many(5000, frame(PONG))]));
  assertEquals(messages[0]!.buffer.byteLength, 2);
  connection.destroy();
});

Deno.test("a client that says it is there, and reads none of what happens, is cut", async () => {
  const { connection, socket } = open();
  connection.stall();
  let events = 0;
  while (!connection.destroyed && events < 100_000) {
    socket.send(new Uint8Array(100));
    connection.push(frame(PING));
    if (++events % 1000 === 0) await settle();
  }
  assert(connection.destroyed, `${connection.writableLength} bytes wait`);
  await settle();
  assert(socket.closed.aborted);
});
