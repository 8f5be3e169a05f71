/** Proves that frames of commands come back as they went, and that what is none is refused. */
import { assertEquals, assertThrows } from "@std/assert";
import { encodeAck, encodeInput, FrameError } from "../../../lib/protocol/frame.ts";
import {
  decodeRunClientFrame,
  decodeRunServerFrame,
  encodeCommand,
  encodeEnd,
  encodeErrors,
  encodeSignal,
  encodeTaken,
} from "../../../lib/protocol/run_frame.ts";

Deno.test("frames of commands come back as they went", () => {
  const bytes = Uint8Array.of(0, 255);
  for (
    const [frame, decoded] of [
      [encodeCommand(["sh", "-c", "ä"]), { type: "command", command: ["sh", "-c", "ä"] }],
      [encodeInput(bytes), { type: "input", bytes }],
      [encodeEnd(), { type: "end" }],
      [encodeSignal("TERM"), { type: "signal", name: "TERM" }],
      [encodeAck(2 ** 40), { type: "ack", offset: 2 ** 40 }],
    ] as const
  ) assertEquals<unknown>(decodeRunClientFrame(frame), decoded);
  assertEquals(decodeRunServerFrame(encodeErrors(bytes)), { type: "errors", bytes });
  assertEquals(decodeRunServerFrame(encodeTaken(7)), { type: "taken", offset: 7 });
});

Deno.test("what is no frame of a command is refused", () => {
  const text = (tag: number, text: string) => Uint8Array.of(tag, ...new TextEncoder().encode(text));
  for (
    const bytes of [
      new Uint8Array(),
      Uint8Array.of(9),
      Uint8Array.of(2, 1),
      Uint8Array.of(2, ...Array<number>(8).fill(255)),
      text(5, "no JSON"),
      text(5, "[]"),
      text(5, '["a", 1]'),
      text(5, JSON.stringify(["a\0b"])),
      text(7, "STOP"),
      text(7, "TERM; reboot"),
    ]
  ) assertThrows(() => decodeRunClientFrame(bytes), FrameError);
  assertThrows(() => encodeCommand(["x".repeat(70_000)]), FrameError, "Cannot run this command");
});
