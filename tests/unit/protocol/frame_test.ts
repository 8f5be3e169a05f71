import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeAck,
  encodeDetach,
  encodeEvent,
  encodeInput,
  encodeKeep,
  encodeOutput,
  encodeResize,
  FrameError,
  MESSAGE_BYTES,
  PAYLOAD_BYTES,
} from "../../../lib/protocol/frame.ts";

const throwsFrameError = (bytes: Uint8Array, includes: string) =>
  assertThrows(() => decodeClientFrame(bytes), FrameError, includes);

Deno.test("client frames come back as they went, at their limits too", () => {
  const longest = new Uint8Array(PAYLOAD_BYTES).fill(0xff);
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0, 3, 255), longest]) {
    assertEquals(decodeClientFrame(encodeInput(bytes)), { type: "input", bytes });
  }
  for (const winsize of [{ cols: 80, rows: 24 }, { cols: 65535, rows: 1 }, { cols: 0, rows: 0 }]) {
    assertEquals(decodeClientFrame(encodeResize(winsize)), { type: "resize", winsize });
  }
  for (const offset of [0, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assertEquals(decodeClientFrame(encodeAck(offset)), { type: "ack", offset });
  }
  assertEquals(decodeClientFrame(encodeKeep()), { type: "keep" });
  throwsFrameError(Uint8Array.of(3, 0), "keep");
  for (const seconds of [0, 3600, 2 ** 32 - 1]) {
    assertEquals(decodeClientFrame(encodeDetach(seconds)), { type: "detach", seconds });
  }
  throwsFrameError(Uint8Array.of(4, 0), "detach");
});

Deno.test("server frames come back as they went", () => {
  const bytes = Uint8Array.of(0xe2, 0x82); // a character cut in two stays bytes
  assertEquals(decodeServerFrame(encodeOutput(bytes)), { type: "output", bytes });
  const event = {
    type: "ended",
    reason: "exit",
    exitCode: 0,
    message: "Auf Wiedersehen – 再见",
  } as const;
  assertEquals(decodeServerFrame(encodeEvent(event)), { type: "event", event });
});

Deno.test("the bytes on the wire are those of the protocol", () => {
  assertEquals([...encodeInput(Uint8Array.of(97))], [0, 97]);
  assertEquals([...encodeResize({ cols: 258, rows: 3 })], [1, 1, 2, 0, 3]);
  assertEquals([...encodeAck(0x0102030405)], [2, 0, 0, 0, 1, 2, 3, 4, 5]);
  assertEquals([...encodeOutput(Uint8Array.of(98))], [0, 98]);
  assertEquals(encodeEvent({ type: "idle", remaining: 60 })[0], 1);
});

Deno.test("decodeClientFrame() reads a message that lies inside a larger buffer", () => {
  const larger = new Uint8Array(20);
  larger.set(encodeResize({ cols: 132, rows: 43 }), 7);
  assertEquals(decodeClientFrame(larger.subarray(7, 12)), {
    type: "resize",
    winsize: { cols: 132, rows: 43 },
  });
});

Deno.test("decodeClientFrame() refuses an empty message, an unknown first byte and a long message", () => {
  throwsFrameError(new Uint8Array(0), "empty");
  throwsFrameError(Uint8Array.of(5), "byte 5");
  throwsFrameError(Uint8Array.of(255, 1), "byte 255");
  throwsFrameError(new Uint8Array(MESSAGE_BYTES + 1), "65537");
});

Deno.test("decodeClientFrame() refuses a resize and an ack of any other length", () => {
  for (const length of [1, 4, 6]) {
    const message = new Uint8Array(length);
    message[0] = 1;
    throwsFrameError(message, "resize");
  }
  for (const length of [1, 8, 10]) {
    const message = new Uint8Array(length);
    message[0] = 2;
    throwsFrameError(message, "ack");
  }
});

Deno.test("decodeClientFrame() refuses an ack that no exact number can hold", () => {
  throwsFrameError(Uint8Array.of(2, 0, 0x20, 0, 0, 0, 0, 0, 0), "out of range");
  throwsFrameError(new Uint8Array(9).fill(255).with(0, 2), "out of range");
});

Deno.test("decodeServerFrame() refuses an empty message and an unknown first byte", () => {
  assertThrows(() => decodeServerFrame(new Uint8Array(0)), FrameError);
  assertThrows(() => decodeServerFrame(Uint8Array.of(2)), FrameError);
});
