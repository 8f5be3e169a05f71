import { assertEquals } from "@std/assert";
import { PAYLOAD_BYTES } from "../../lib/terminal/frame.ts";
import { binaryBytes, InputQueue, QUEUE_BYTES } from "../../static/input.ts";

const equal: (actual: unknown, expected: unknown) => void = assertEquals;

function drain(queue: InputQueue): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let piece = queue.take(); piece; piece = queue.take()) pieces.push(piece);
  return pieces;
}

Deno.test("InputQueue cuts a megabyte into messages that fit, and loses and reorders nothing", () => {
  const paste = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  const queue = new InputQueue();
  queue.push(paste);
  const pieces = drain(queue);
  equal(pieces.every((piece) => piece.length <= PAYLOAD_BYTES), true);
  equal(pieces.length, Math.ceil(paste.length / PAYLOAD_BYTES));
  equal(Uint8Array.from(pieces.flatMap((piece) => [...piece])), paste);
});

Deno.test("InputQueue makes one message of exactly PAYLOAD_BYTES and two of one more", () => {
  const queue = new InputQueue();
  queue.push(new Uint8Array(PAYLOAD_BYTES));
  equal(drain(queue).map((piece) => piece.length), [PAYLOAD_BYTES]);
  queue.push(new Uint8Array(PAYLOAD_BYTES + 1));
  equal(drain(queue).map((piece) => piece.length), [PAYLOAD_BYTES, 1]);
});

Deno.test("InputQueue refuses, whole, what would take it over its bound, and takes more once sent", () => {
  const queue = new InputQueue();
  equal(queue.push(new Uint8Array(QUEUE_BYTES)), true);
  equal(queue.push(new Uint8Array(1)), false);
  equal(drain(queue).reduce((sum, piece) => sum + piece.length, 0), QUEUE_BYTES);
  equal(queue.push(new Uint8Array(1)), true);
});

Deno.test("InputQueue is empty at first, after the last piece, and when cleared", () => {
  const queue = new InputQueue();
  equal([queue.empty, queue.take()], [true, undefined]);
  queue.push(new Uint8Array(2));
  equal(queue.empty, false);
  queue.take();
  equal(queue.empty, true);
  queue.push(new Uint8Array(2));
  queue.clear();
  equal([queue.empty, queue.take()], [true, undefined]);
});

Deno.test("InputQueue sends no message for empty input", () => {
  const queue = new InputQueue();
  equal(queue.push(new Uint8Array(0)), true);
  equal(queue.take(), undefined);
});

Deno.test("binaryBytes() makes one byte of each character", () => {
  equal(binaryBytes("\x1b[M\xff\x80"), Uint8Array.of(0x1b, 0x5b, 0x4d, 0xff, 0x80));
});
