import { assertEquals } from "@std/assert";
import { newestOf, telling } from "../../../lib/agent/newest.ts";
import { settle } from "../../support/manual_clock.ts";

Deno.test("of what waits for a slow client only the newest is sent", async () => {
  const sent: number[] = [];
  let left = Promise.withResolvers<void>();
  const push = newestOf((item: number) => {
    sent.push(item);
    left = Promise.withResolvers();
    return left.promise;
  });
  const leave = () => {
    left.resolve();
    return settle();
  };
  for (let i = 1; i <= 100; i++) push(i);
  assertEquals(sent, [1]);
  await leave();
  assertEquals(sent, [1, 100]);
  await leave();
  push(101);
  assertEquals(sent, [1, 100, 101]);
});

Deno.test("who is there is told no faster than it is taken, and all else at once", async () => {
  const sent: string[] = [];
  const lefts: (() => void)[] = [];
  const tell = telling((event) => {
    sent.push(event.type === "guests" ? `guests ${event.guests.length}` : event.type);
    return new Promise((resolve) => lefts.push(resolve));
  });
  const bob = { name: "bob", role: "watch" } as const;
  for (let i = 0; i < 100; i++) tell({ type: "guests", guests: Array(i % 7).fill(bob) });
  tell({ type: "size", cols: 80, rows: 24 });
  tell({ type: "paused" });
  tell({ type: "resumed" });
  assertEquals(sent, ["guests 0", "size", "paused", "resumed"]);
  lefts[0]!();
  await settle();
  assertEquals(sent.slice(4), ["guests 1"]);
});
