import { assertEquals, assertThrows } from "@std/assert";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import { decodeServerFrame, FrameError } from "../../../lib/protocol/frame.ts";
import { GuestOutput } from "../../../lib/terminal/guest_output.ts";
import { KEPT_BYTES, Output } from "../../../lib/terminal/output.ts";
import { Sender } from "../../../lib/terminal/sender.ts";
import type { Source } from "../../../lib/terminal/source.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const CHUNK_BYTES = 64 * 1024;
const FULL_SCREEN = "\x1b[?1049h";
const encode = (text: string) => new TextEncoder().encode(text);

interface Skip {
  readonly from: number;
  readonly to: number;
  readonly modes?: string;
}

/** Someone who follows, and acknowledges what they get, or does not. */
class Follower implements Disposable {
  bytes = 0;
  offset: number;
  readonly skips: Skip[] = [];
  readonly #sender: Sender;

  constructor(source: Source, clock: ManualClock, private readonly acks: boolean, from = 0) {
    this.offset = from;
    this.#sender = new Sender((message) => this.#take(message), source, { from, clock });
  }

  /** Acknowledges all that came. */
  catchUp() {
    this.#sender.ack(this.offset);
  }

  [Symbol.dispose]() {
    this.#sender[Symbol.dispose]();
  }

  #take(message: Uint8Array): Promise<void> {
    const frame = decodeServerFrame(message);
    if (frame.type === "output") {
      this.bytes += frame.bytes.length;
      this.offset += frame.bytes.length;
    } else if (frame.event.type === "skip") {
      this.skips.push(frame.event);
      this.offset = frame.event.to;
    }
    if (this.acks) queueMicrotask(() => this.catchUp());
    return Promise.resolve();
  }
}

/** A flood that writes as much as it may, for so many rounds; returns how much that was. */
async function flood(output: Output, clock: ManualClock, rounds: number): Promise<number> {
  const before = output.end;
  for (let i = 0; i < rounds; i++) {
    let wrote = false;
    const room = output.room().then((bytes) => {
      output.append(
        encode("line\r\n".repeat(CHUNK_BYTES)).subarray(0, Math.min(bytes, CHUNK_BYTES)),
      );
      wrote = true;
    });
    await clock.advance(2);
    if (!wrote) output.touch(); // the writer waits for its viewer
    await Promise.race([room, Promise.resolve()]);
  }
  return output.end - before;
}

Deno.test("a guest that takes nothing takes nothing from what the viewer gets", async () => {
  const played = async (guests: number) => {
    const clock = new ManualClock();
    const output = new Output(1024);
    using held = new DisposableStack();
    const viewer = held.use(new Follower(output, clock, true));
    for (let i = 0; i < guests; i++) {
      held.use(new Follower(new GuestOutput(output, 0), clock, false));
    }
    const written = await flood(output, clock, 40);
    return { written, got: viewer.bytes, skips: viewer.skips };
  };
  const alone = await played(0);
  assertEquals(await played(3), alone);
  assertEquals(alone, { written: 40 * CHUNK_BYTES, got: 40 * CHUNK_BYTES, skips: [] });
});

Deno.test("a guest gets 512 KiB that it has not acknowledged, and no more", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  using _viewer = new Follower(output, clock, true);
  using guest = new Follower(new GuestOutput(output, 0), clock, false);
  await flood(output, clock, 40);
  assertEquals([guest.bytes, guest.skips], [CREDIT_BYTES, []]);
});

Deno.test("a guest that was left behind goes on near the end, told how the terminal is set", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  using _viewer = new Follower(output, clock, true);
  using guest = new Follower(new GuestOutput(output, 0), clock, false);
  output.append(encode(FULL_SCREEN));
  await flood(output, clock, 40);
  const from = guest.offset;
  guest.catchUp();
  await clock.advance(2);
  const [skip] = guest.skips;
  assertEquals([guest.skips.length, skip!.from, skip!.modes], [1, from, FULL_SCREEN]);
  const behind = output.end - skip!.to;
  assertEquals(behind <= KEPT_BYTES && behind > KEPT_BYTES - 100, true, String(behind));
  assertEquals(guest.offset, output.end);
});

Deno.test("a guest whose terminal is set by nothing is told so as well, to reset it", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  using _viewer = new Follower(output, clock, true);
  using guest = new Follower(new GuestOutput(output, 0), clock, false);
  await flood(output, clock, 40);
  guest.catchUp();
  await clock.advance(2);
  assertEquals(guest.skips.map(({ modes }) => modes), [""]);
});

Deno.test("a guest's acknowledgement lets nothing more be written, and counts for nobody else", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  using _viewer = new Follower(output, clock, false);
  using guest = new Follower(new GuestOutput(output, 0), clock, true);
  assertEquals(await flood(output, clock, 20), CREDIT_BYTES);
  assertEquals([guest.bytes, output.acked, output.seen], [CREDIT_BYTES, 0, 0]);
  assertEquals(output.room() instanceof Promise && output.blocked, true);
});

Deno.test("an acknowledgement of what a guest was never sent breaks the protocol", () => {
  const output = new Output(1024);
  output.append(encode("abc"));
  const guest = new GuestOutput(output, 0);
  assertThrows(() => guest.ack(3, 2), FrameError);
});

Deno.test("a guest that has some of the output gets the rest, another all there is", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  output.append(encode("one two"));
  const back = new GuestOutput(output, 4);
  assertEquals([back.from, back.modes], [4, ""]);
  using _viewer = new Follower(output, clock, true);
  output.append(encode(FULL_SCREEN));
  await flood(output, clock, 40);
  for (const offset of [0, output.end + 1]) {
    const late = new GuestOutput(output, offset);
    assertEquals([late.from, late.modes], [output.start, FULL_SCREEN]);
  }
});

Deno.test("when all output gets other offsets, a guest goes on there, told to reset its terminal", async () => {
  const clock = new ManualClock();
  const output = new Output(1024);
  output.append(encode("abc"));
  using guest = new Follower(new GuestOutput(output, 0), clock, true);
  output.rebase(1000);
  output.append(encode("def"));
  await clock.advance(2);
  assertEquals(guest.skips.map(({ to, modes }) => [to, modes]), [[1000, ""]]);
  assertEquals([guest.bytes, guest.offset, output.end], [9, 1006, 1006]);
});
