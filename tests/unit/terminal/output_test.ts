import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import { FrameError } from "../../../lib/protocol/frame.ts";
import { KEPT_BYTES, Output, OVERRUN_BYTES } from "../../../lib/terminal/output.ts";
import { settle } from "../../support/manual_clock.ts";

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

Deno.test("interrupt() leaves a viewer alone that is no more than 64 KiB behind", async () => {
  const output = new Output(1024);
  output.append(new Uint8Array(KEPT_BYTES));
  assertEquals(output.interrupt(), false);
  assertEquals([output.overruns, output.skips(0)], [false, false]);
  output.append(new Uint8Array(CREDIT_BYTES - KEPT_BYTES));
  assertEquals(await settled(output.room()), false);
});

Deno.test("interrupt() has the writer go on past the credit, for 8 MiB at most", async () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  assertEquals(output.interrupt(), true);
  let read = 0;
  for (let room; output.overruns && (room = await output.room()) > 0;) {
    const bytes = new Uint8Array(Math.min(room, 60_000));
    read += bytes.length;
    output.append(bytes);
  }
  assertEquals(read, OVERRUN_BYTES);
  assertEquals(await settled(output.room()), false);
});

Deno.test("settle() has the writer wait again", async () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  output.interrupt();
  output.settle();
  assertEquals(await settled(output.room()), false);
});

Deno.test("skip() goes on 64 KiB before the end, and what it passed over needs no credit", () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  output.interrupt();
  output.append(new Uint8Array(100_000));
  assertEquals(output.skips(200_000), true);
  const { to } = output.skip(200_000);
  assertEquals(to, CREDIT_BYTES + 100_000 - KEPT_BYTES);
  assertEquals(output.skips(to), false);
  assertEquals(output.allowance(to), CREDIT_BYTES - 200_000);
  output.ack(to, to);
  assertEquals(output.allowance(to), CREDIT_BYTES);
});

Deno.test("skip() goes on at the start of a line that is near, else of a character", () => {
  const cases: [(kept: Uint8Array) => void, number][] = [
    [(kept) => kept[9] = 10, 10],
    [(kept) => kept[4096] = 10, 0],
    [(kept) => kept.set([0xac, 0xa9, 0xe2, 0x82, 0xac]), 2],
  ];
  for (const [write, expected] of cases) {
    const output = new Output(1024);
    const flood = new Uint8Array(200_000).fill(120);
    const start = flood.length - KEPT_BYTES;
    write(flood.subarray(start));
    output.append(flood);
    output.interrupt();
    assertEquals(output.skip(0).to - start, expected);
  }
});

Deno.test("follow() inside what was skipped begins there while it is kept, and skips nothing again", () => {
  const output = new Output(1024);
  output.append(new Uint8Array(CREDIT_BYTES));
  output.interrupt();
  const { to } = output.skip(0);
  output.settle();
  assertEquals(output.follow(to - 1000), to - 1000);
  assertEquals(output.skips(to - 1000), false);
  assertEquals(output.follow(0), 0);
  assertEquals(output.allowance(0), CREDIT_BYTES);
});

Deno.test("a read that was begun before a viewer came back at the oldest byte loses none of it", () => {
  const output = new Output(1024);
  for (let i = 0; i < 20; i++) output.append(new Uint8Array(64 * 1024).fill(i));
  const from = output.follow(0);
  assertEquals(output.end - from, 512 * 1024);
  output.append(new Uint8Array(64 * 1024).fill(99));
  assertEquals(output.peek(from, 1)[0], 12);
});

Deno.test("Output.seen is how far any viewer ever came, or where what came before ends", () => {
  const output = new Output(1024);
  output.append(new Uint8Array(300));
  assertEquals(output.seen, 0);
  output.ack(200, 300);
  output.follow(100);
  output.ack(150, 300);
  assertEquals(output.seen, 200);
  assertEquals(new Output(1024, { bytes: new Uint8Array(10), end: 50 }).seen, 50);
});
