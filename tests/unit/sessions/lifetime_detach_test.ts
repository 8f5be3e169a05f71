import { assertEquals } from "@std/assert";
import { Lifetime } from "../../../lib/sessions/lifetime.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const MINUTE_MS = 60_000;
const LIMITS = {
  idleTimeoutMs: 15 * MINUTE_MS,
  idleWarningMs: MINUTE_MS,
  maxLifetimeMs: 480 * MINUTE_MS,
  reconnectGraceMs: MINUTE_MS,
  detachMaxMs: 60 * MINUTE_MS,
};

Deno.test("who wants a session kept gets as much as may be, without a viewer and without input", async () => {
  const clock = new ManualClock();
  const warnings: number[] = [];
  using lifetime = new Lifetime(clock, LIMITS, (leftMs) => warnings.push(leftMs));
  lifetime.detach(24 * 60 * MINUTE_MS);
  const { keptMs, graceMs, idleTimeoutMs } = lifetime.lasts;
  assertEquals([keptMs, graceMs, idleTimeoutMs], Array(3).fill(60 * MINUTE_MS));
  await clock.advance(59 * MINUTE_MS);
  assertEquals([warnings, lifetime.over.aborted], [[MINUTE_MS], false]);
  await clock.advance(MINUTE_MS);
  assertEquals(lifetime.over.reason, "idle");
});

Deno.test("what is wished for is never less than usual, and can be taken back", async () => {
  const clock = new ManualClock();
  using lifetime = new Lifetime(clock, LIMITS, () => {}, {
    ageMs: 0,
    idleMs: 0,
    keptMs: 60 * MINUTE_MS,
  });
  assertEquals(lifetime.lasts.graceMs, 60 * MINUTE_MS);
  lifetime.detach(1_000);
  assertEquals(lifetime.lasts.idleTimeoutMs, LIMITS.idleTimeoutMs);
  assertEquals(lifetime.lasts.graceMs, LIMITS.reconnectGraceMs);
  await clock.advance(15 * MINUTE_MS);
  assertEquals(lifetime.over.reason, "idle");
});

Deno.test("the longest lifetime holds whatever is wished for", async () => {
  const clock = new ManualClock();
  using lifetime = new Lifetime(clock, { ...LIMITS, maxLifetimeMs: MINUTE_MS }, () => {});
  lifetime.detach(60 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  assertEquals(lifetime.over.reason, "lifetime");
});
