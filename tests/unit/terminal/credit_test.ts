import { assertEquals, assertThrows } from "@std/assert";
import { Credit, CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import { FrameError } from "../../../lib/protocol/frame.ts";

Deno.test("Credit leaves room up to 512 KiB past what was acknowledged", () => {
  const credit = new Credit();
  assertEquals(credit.room(0), 512 * 1024);
  assertEquals(credit.room(CREDIT_BYTES - 1), 1);
  assertEquals(credit.room(CREDIT_BYTES), 0);
  credit.ack(1000, CREDIT_BYTES);
  assertEquals(credit.room(CREDIT_BYTES), 1000);
});

Deno.test("Credit ignores an acknowledgement older than the last", () => {
  const credit = new Credit();
  credit.ack(500, 600);
  credit.ack(100, 600);
  assertEquals(credit.acked, 500);
});

Deno.test("Credit refuses an acknowledgement of output that was never sent", () => {
  assertThrows(() => new Credit().ack(1, 0), FrameError, "past");
});

Deno.test("Credit has no room while a returning client is further behind than it allows", () => {
  const credit = new Credit();
  credit.restart(0);
  assertEquals(credit.room(CREDIT_BYTES + 10), 0);
});

Deno.test("Credit does not count what was skipped, be the acknowledgement before, in or after it", () => {
  const credit = new Credit();
  credit.skip(100, 1100);
  assertEquals(credit.unacknowledged(1200), 200);
  credit.ack(100, 1200);
  assertEquals(credit.unacknowledged(1200), 100);
  credit.ack(600, 1200);
  assertEquals(credit.unacknowledged(1200), 100);
  credit.ack(1150, 1200);
  assertEquals(credit.unacknowledged(1200), 50);
});

Deno.test("Credit takes skips that touch for one, and of others knows the last", () => {
  const credit = new Credit();
  credit.skip(100, 200);
  credit.skip(200, 300);
  assertEquals(credit.unacknowledged(400), 200);
  credit.skip(350, 450);
  assertEquals(credit.unacknowledged(500), 400);
  credit.ack(300, 500);
  assertEquals(credit.unacknowledged(500), 100);
});

Deno.test("Credit forgets a skip when a client returns", () => {
  const credit = new Credit();
  credit.skip(100, 200);
  credit.restart(0);
  assertEquals(credit.unacknowledged(300), 300);
});
