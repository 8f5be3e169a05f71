import { assertEquals } from "@std/assert";
import { ACK_BYTES, Offsets } from "../../../static/offsets.ts";

Deno.test("Offsets acknowledges at once when nothing is left to draw", () => {
  const offsets = new Offsets(1000);
  offsets.received(5);
  assertEquals(offsets.rendered(5), 1005);
});

Deno.test("Offsets stays silent below ACK_BYTES while more is to be drawn", () => {
  const offsets = new Offsets(0);
  offsets.received(10);
  offsets.received(10);
  assertEquals(offsets.rendered(10), null);
  assertEquals(offsets.rendered(10), 20);
});

Deno.test("Offsets acknowledges each ACK_BYTES of a flood", () => {
  const offsets = new Offsets(0);
  offsets.received(10 * ACK_BYTES);
  const piece = ACK_BYTES / 2;
  const acks = Array.from({ length: 20 }, () => offsets.rendered(piece)).filter((ack) =>
    ack !== null
  );
  assertEquals(acks, Array.from({ length: 10 }, (_, i) => (i + 1) * ACK_BYTES));
});

Deno.test("Offsets.next counts what was received, drawn or not", () => {
  const offsets = new Offsets(7);
  assertEquals(offsets.next, 7);
  offsets.received(3);
  assertEquals(offsets.next, 10);
});
