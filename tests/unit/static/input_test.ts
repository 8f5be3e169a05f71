import { assertEquals } from "@std/assert";
import { PAYLOAD_BYTES } from "../../../lib/protocol/frame.ts";
import { InputQueue, KEPT_BYTES, QUEUE_BYTES } from "../../../lib/protocol/input_queue.ts";
import { binaryBytes } from "../../../static/input.ts";

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
  assertEquals(pieces.every((piece) => piece.length <= PAYLOAD_BYTES), true);
  assertEquals(pieces.length, Math.ceil(paste.length / PAYLOAD_BYTES));
  assertEquals(Uint8Array.from(pieces.flatMap((piece) => [...piece])), paste);
});

Deno.test("InputQueue makes one message of exactly PAYLOAD_BYTES and two of one more", () => {
  const queue = new InputQueue();
  queue.push(new Uint8Array(PAYLOAD_BYTES));
  assertEquals(drain(queue).map((piece) => piece.length), [PAYLOAD_BYTES]);
  queue.push(new Uint8Array(PAYLOAD_BYTES + 1));
  assertEquals(drain(queue).map((piece) => piece.length), [PAYLOAD_BYTES, 1]);
});

Deno.test("InputQueue refuses, whole, what would take it over its bound, and takes more once sent", () => {
  const queue = new InputQueue();
  assertEquals(queue.push(new Uint8Array(QUEUE_BYTES)), true);
  assertEquals(queue.push(new Uint8Array(1)), false);
  assertEquals(drain(queue).reduce((sum, piece) => sum + piece.length, 0), QUEUE_BYTES);
  assertEquals(queue.push(new Uint8Array(1)), true);
});

Deno.test("InputQueue takes no answers while much waits, so that keys have their place", () => {
  const queue = new InputQueue();
  const answer = new Uint8Array(8);
  let answers = 0;
  while (queue.push(answer, "answer")) answers++;
  assertEquals(answers * answer.length, 16 * 1024);
  assertEquals(queue.push(new Uint8Array(1)), true);
  drain(queue);
  assertEquals(queue.push(answer, "answer"), true);
});

Deno.test("InputQueue is empty at first, after the last piece, and when cleared", () => {
  const queue = new InputQueue();
  assertEquals([queue.empty, queue.take()], [true, undefined]);
  queue.push(new Uint8Array(2));
  assertEquals(queue.empty, false);
  queue.take();
  assertEquals(queue.empty, true);
  queue.push(new Uint8Array(2));
  queue.clear();
  assertEquals([queue.empty, queue.take()], [true, undefined]);
});

Deno.test("InputQueue sends no message for empty input", () => {
  const queue = new InputQueue();
  assertEquals(queue.push(new Uint8Array(0)), true);
  assertEquals(queue.take(), undefined);
});

/** Queues letters, each a message of its own, and sends so many of them. */
function typed(queue: InputQueue, letters: string, sent: number): void {
  for (const letter of letters) queue.push(new TextEncoder().encode(letter));
  for (let i = 0; i < sent; i++) queue.take();
}

function text(pieces: Uint8Array[]): string {
  return pieces.map((piece) => new TextDecoder().decode(piece)).join("");
}

Deno.test("InputQueue sends again exactly what did not arrive, before what was typed meanwhile", () => {
  const queue = new InputQueue();
  queue.ready(0, 1);
  typed(queue, "abcdef", 5);
  assertEquals(queue.ready(2, 2), 0);
  assertEquals(text(drain(queue)), "cdef");
});

Deno.test("InputQueue counts on from what the session had before this page came", () => {
  const queue = new InputQueue();
  queue.ready(1000, 1);
  typed(queue, "abc", 3);
  queue.ready(1001, 2);
  assertEquals(text(drain(queue)), "bc");
  queue.ready(1003, 3);
  assertEquals(queue.empty, true);
});

Deno.test("InputQueue sends nothing twice after a crash, when nobody knows what arrived", () => {
  const queue = new InputQueue();
  queue.ready(0, 1);
  typed(queue, "abcdef", 5);
  assertEquals(queue.ready(1_000_000, 2), 0);
  assertEquals(text(drain(queue)), "f");
  assertEquals(queue.ready(1_000_001, 3), 0);
  assertEquals(queue.empty, true);
});

Deno.test("InputQueue sends nothing again of what it sent before another viewer came", () => {
  const queue = new InputQueue();
  queue.ready(0, 1);
  typed(queue, "abcd", 3);
  assertEquals(queue.ready(2, 3), 0); // the second viewer may have typed those two
  assertEquals(text(drain(queue)), "d");
  queue.ready(2, 4);
  assertEquals(text(drain(queue)), "d");
});

Deno.test("InputQueue survives a second cut while it sends again", () => {
  const queue = new InputQueue();
  queue.ready(0, 1);
  typed(queue, "abcdef", 6);
  queue.ready(1, 2); // "bcdef" is one message now
  typed(queue, "gh", 1);
  queue.ready(3, 3);
  assertEquals(text(drain(queue)), "defgh");
});

Deno.test("InputQueue keeps the last KEPT_BYTES, and says how many of those before are lost", () => {
  const message = (fill: number) => new Uint8Array(PAYLOAD_BYTES).fill(fill);
  const queue = new InputQueue();
  const messages = Math.ceil(KEPT_BYTES / PAYLOAD_BYTES) + 3;
  const sentBytes = messages * PAYLOAD_BYTES;
  queue.ready(0, 1);
  for (let i = 0; i < messages; i++) {
    queue.push(message(i));
    queue.take();
  }
  assertEquals(queue.ready(100, 2), sentBytes - KEPT_BYTES - 100);
  const again = drain(queue);
  assertEquals(again.reduce((sum, piece) => sum + piece.length, 0), KEPT_BYTES);
  assertEquals(again[0]![0], Math.floor((sentBytes - KEPT_BYTES) / PAYLOAD_BYTES));
  assertEquals(again.at(-1)!.at(-1), messages - 1);
  // The session counts from what it has, and so does the page.
  assertEquals(queue.ready(100 + KEPT_BYTES, 3), 0);
  assertEquals(queue.empty, true);
});

Deno.test("InputQueue keeps nothing of one session for another", () => {
  const queue = new InputQueue();
  queue.ready(0, 1);
  typed(queue, "abc", 3);
  queue.clear();
  queue.ready(0, 1);
  assertEquals(queue.empty, true);
});

Deno.test("binaryBytes() makes one byte of each character", () => {
  assertEquals(binaryBytes("\x1b[M\xff\x80"), Uint8Array.of(0x1b, 0x5b, 0x4d, 0xff, 0x80));
});
