import { assert, assertEquals } from "@std/assert";
import { placeDelay, reconnectDelay, waitOrWake } from "../../../static/reconnect.ts";

Deno.test("reconnectDelay() is a second at most for twenty failures, and doubles then", () => {
  const delays = [0, 1, 2, 20, 21, 22].map((attempt) => reconnectDelay(attempt, 1));
  assertEquals(delays, [500, 1000, 1000, 1000, 2000, 4000]);
});

Deno.test("reconnectDelay() never exceeds ten seconds, however many failures", () => {
  assertEquals(reconnectDelay(24, 1), 10_000);
  assertEquals(reconnectDelay(5000, 1), 10_000);
});

Deno.test("reconnectDelay() spreads over the upper half of its step", () => {
  assertEquals(reconnectDelay(2, 0), 500);
  assertEquals(reconnectDelay(2, 0.5), 750);
});

Deno.test("placeDelay() spreads over three to five seconds", () => {
  assertEquals([placeDelay(0), placeDelay(0.5), placeDelay(1)], [3000, 4000, 5000]);
});

const HOUR_MS = 3_600_000;

Deno.test("waitOrWake() is over when its time is", async () => {
  await waitOrWake(0, [], new AbortController().signal);
});

Deno.test("waitOrWake() is cut short by a waker's event", async () => {
  const target = new EventTarget();
  const wait = waitOrWake(HOUR_MS, [{ target, event: "online" }], new AbortController().signal);
  target.dispatchEvent(new Event("online"));
  await wait;
});

Deno.test("waitOrWake() sleeps on when the waker's condition does not hold", async () => {
  const target = new EventTarget();
  let visible = false, over = false;
  const waker = { target, event: "visibilitychange", when: () => visible };
  const wait = waitOrWake(HOUR_MS, [waker], new AbortController().signal).then(() => over = true);
  target.dispatchEvent(new Event("visibilitychange"));
  await Promise.resolve();
  assert(!over);
  visible = true;
  target.dispatchEvent(new Event("visibilitychange"));
  await wait;
});

Deno.test("waitOrWake() ends with its signal, also with one that was aborted before", async () => {
  const later = new AbortController();
  const wait = waitOrWake(HOUR_MS, [], later.signal);
  later.abort();
  await wait;
  await waitOrWake(HOUR_MS, [], AbortSignal.abort());
});
