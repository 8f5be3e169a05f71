import { assertEquals, assertThrows } from "@std/assert";
import { modesAfter } from "../../../lib/terminal/modes.ts";
import { Replay } from "../../../lib/terminal/replay.ts";

/** The byte that a stream has at an offset. */
const at = (offset: number) => (offset * 7 + (offset >> 8)) & 0xff;
const stream = (from: number, to: number) =>
  Uint8Array.from({ length: to - from }, (_, i) => at(from + i));

function readAll(replay: Replay, from: number): Uint8Array {
  const out: number[] = [];
  for (let offset = from; offset < replay.end;) {
    const bytes = replay.peek(offset, 1000);
    out.push(...bytes);
    offset += bytes.length;
  }
  return Uint8Array.from(out);
}

Deno.test("Replay keeps everything until its capacity is reached", () => {
  const replay = new Replay(20_000);
  for (let end = 0; end < 19_000; end += 950) replay.append(stream(end, end + 950));
  assertEquals([replay.start, replay.end], [0, 19_000]);
  assertEquals(readAll(replay, 0), stream(0, 19_000));
});

Deno.test("Replay keeps exactly the last bytes after any pieces, also larger than itself", () => {
  const replay = new Replay(10_000);
  let end = 0;
  for (const size of [1, 4095, 1, 4096, 9999, 10_000, 25_001, 3, 10_001, 777]) {
    replay.append(stream(end, end + size));
    end += size;
    const start = Math.max(0, end - 10_000);
    assertEquals([replay.start <= start, replay.end], [true, end]);
    assertEquals(readAll(replay, start), stream(start, end));
  }
  assertEquals(replay.start, end - 10_000);
});

Deno.test("Replay shows at most what is asked for", () => {
  const replay = new Replay(100);
  replay.append(stream(0, 50));
  assertEquals(replay.peek(10, 5), stream(10, 15));
  assertEquals(replay.peek(50, 5).length, 0);
});

Deno.test("Replay refuses offsets that it no longer or not yet has", () => {
  const replay = new Replay(10);
  replay.append(stream(0, 25));
  assertThrows(() => replay.peek(14, 1), RangeError, "15 to 25 is kept");
  assertThrows(() => replay.peek(26, 1), RangeError);
});

Deno.test("Replay of a quiet session costs a few kilobytes", () => {
  const replay = new Replay(512 * 1024);
  replay.append(stream(0, 100));
  assertEquals(replay.peek(0, 1).buffer.byteLength, 4096);
});

Deno.test("Replay tells how each byte that it keeps finds the terminal", () => {
  const text = Array.from({ length: 900 }, (_, i) => `\x1b[?${1000 + i % 3}hmore\x1b[3${i % 8}m`);
  const bytes = new TextEncoder().encode(text.join(""));
  for (const size of [1, 7, 1000, 25_000]) {
    const replay = new Replay(5_000);
    for (let at = 0; at < bytes.length; at += size) {
      replay.append(bytes.subarray(at, at + size));
      // Asked for in any order, while more comes.
      if (at % 35 === 0) replay.modesAt((replay.start + replay.end) >> 1);
    }
    for (const offset of [replay.end, replay.start, replay.start + 1234, replay.end - 1]) {
      assertEquals(replay.modesAt(offset), modesAfter("", bytes.subarray(0, offset)));
    }
    assertThrows(() => replay.modesAt(replay.end + 1), RangeError);
    replay.rebase(1_000_000);
    assertEquals(
      replay.modesAt(1_000_000),
      modesAfter("", bytes.subarray(0, bytes.length - 5_000)),
    );
  }
});

Deno.test("Replay begins with a terminal that was set before", () => {
  const replay = new Replay(10, 500, "\x1b[?1049h");
  replay.append(new TextEncoder().encode("\x1b[?1h and more than fits"));
  assertEquals(replay.modesAt(replay.start), "\x1b[?1049h\x1b[?1h");
});
