import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CREDIT_BYTES } from "../../lib/terminal/credit.ts";
import { FrameError } from "../../lib/terminal/frame.ts";
import { Output } from "../../lib/terminal/output.ts";
import { settle } from "../support/manual_clock.ts";

const never = new AbortController().signal;

/** Whether a promise has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true, () => done = true);
  await settle();
  return done;
}

Deno.test("Output makes the writer wait at 512 KiB unacknowledged, and go on with an ack", async () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  const room = output.room();
  assertEquals(await settled(room), false);
  output.ack(100, CREDIT_BYTES);
  assertEquals(await room, 100);
});

Deno.test("Output keeps whatever is unacknowledged, however small the replay", () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  assertEquals(output.follow(0), 0);
  assertEquals(output.peek(0, 10).length, 10);
});

Deno.test("Output wakes a viewer that waits for more", async () => {
  const output = new Output(1024);
  const more = output.after(0, never);
  assertEquals(await settled(more), false);
  output.append(Uint8Array.of(1));
  assertEquals(await more, true);
});

Deno.test("Output tells a viewer of the end only after it has everything", async () => {
  const output = new Output(1024);
  output.append(Uint8Array.of(1));
  output.close();
  assertEquals(await output.after(0, never), true);
  assertEquals(await output.after(1, never), false);
  assertEquals(await output.room(), 0);
});

Deno.test("Output stops waiting when the viewer's signal is aborted", async () => {
  const leaving = new AbortController();
  const waiting = new Output(1024).after(0, leaving.signal);
  leaving.abort(new Error("left"));
  await assertRejects(() => waiting, Error, "left");
});

Deno.test("follow() begins at the oldest byte kept when the asked one is gone", () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  output.ack(CREDIT_BYTES, CREDIT_BYTES);
  output.append(new Uint8Array(500));
  assertEquals(output.follow(0), 500);
  assertEquals(output.follow(700), 700);
});

Deno.test("follow() refuses an offset that has not come yet", () => {
  assertThrows(() => new Output(1024).follow(1), FrameError);
});
