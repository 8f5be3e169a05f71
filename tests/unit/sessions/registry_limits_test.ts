/** When sessions end by themselves: without input, after their longest time, without a viewer. */
import { assert, assertEquals } from "@std/assert";
import type { TerminalEvent } from "../../../lib/types.ts";
import { MINUTE, never, Stage } from "./registry_stage.ts";

Deno.test("a session warns 60 s before the idle end, and ends at 15 minutes", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  await stage.clock.advance(14 * MINUTE - 1);
  assertEquals(events, []);
  await stage.clock.advance(1);
  assertEquals(events, [{ type: "idle", remaining: 60 }]);
  await stage.clock.advance(MINUTE);
  assertEquals(await session.ended, {
    reason: "idle",
    exitCode: null,
    message: "The session ended after 15 minutes without input.",
  });
});

Deno.test("input puts the idle end off; output and resizing do not", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  await stage.clock.advance(14 * MINUTE);
  await session.write(new TextEncoder().encode("x"), never);
  await stage.clock.advance(14 * MINUTE);
  assertEquals(session.phase, "live");
  container.stream.print("noise");
  session.resize({ cols: 1, rows: 1 });
  await stage.clock.advance(MINUTE);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("a viewer that comes during the warning is warned", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  await stage.clock.advance(14.5 * MINUTE);
  const events: TerminalEvent[] = [];
  session.view(0, (event) => events.push(event));
  session.remind();
  assertEquals(events, [{ type: "idle", remaining: 30 }]);
});

Deno.test("a session ends at its longest time, however busy", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  for (let hours = 0; hours < 8; hours++) {
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await session.write(new TextEncoder().encode("x"), never);
      await stage.clock.advance(10 * MINUTE);
    }
  }
  assertEquals((await session.ended).reason, "lifetime");
  assertEquals((await session.ended).message, "The session reached its longest time, 8 hours.");
});

Deno.test("a session outlives its last viewer for the grace, and no longer", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  viewer[Symbol.dispose]();
  await stage.clock.advance(MINUTE - 1);
  assertEquals(session.phase, "live");
  const second = session.view(0, () => {});
  await stage.clock.advance(5 * MINUTE);
  assertEquals(session.phase, "live");
  second[Symbol.dispose]();
  await stage.clock.advance(MINUTE);
  assertEquals(await session.ended, {
    reason: "idle",
    cause: "away",
    exitCode: null,
    message: "Nobody came back to the session within 1 minute.",
  });
});

Deno.test("a session without grace ends with its viewer", async () => {
  await using stage = new Stage({ reconnectGraceMs: 0 });
  const { session, viewer } = await stage.view();
  await stage.clock.advance(MINUTE);
  assertEquals(session.phase, "live");
  viewer[Symbol.dispose]();
  await stage.clock.advance(0);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("a second viewer takes over; the first one's leaving starts no grace", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  using _second = session.view(0, () => {});
  assert(viewer.over.reason === "replaced");
  viewer[Symbol.dispose]();
  await stage.clock.advance(2 * MINUTE);
  assertEquals(session.phase, "live");
});

Deno.test("input that comes after the end sets no timer", async () => {
  const stage = new Stage();
  const { session } = await stage.view();
  await stage.registry[Symbol.asyncDispose]();
  await session.write(new TextEncoder().encode("x"), never);
  assertEquals(stage.clock.pending, 0);
});
