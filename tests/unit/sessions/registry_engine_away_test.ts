/** Sessions while the engine is away or paused, and when it is back. */
import { assert, assertEquals } from "@std/assert";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import type { TerminalEvent } from "../../../lib/types.ts";
import { settle } from "../../support/manual_clock.ts";
import { never, Stage } from "./registry_stage.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a session whose engine went away goes on when it is back, with what was missed", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("one\n");
  await settle();
  stage.engine.goAway();
  await settle();
  container.log = "one\ntwo\n";
  await stage.clock.advance(10_000);
  assertEquals(session.phase, "live");
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  container.stream.print("three\n");
  await settle();
  assertEquals(text(session.output.latest(100)), "one\ntwo\nthree\n");
  await session.write(new TextEncoder().encode("x"), never);
  assertEquals(container.stream.written, ["x"]);
  container.exit.resolve(0);
  container.stream.end();
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("what was missed waits for the viewer like other output", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.goAway();
  container.log = "x".repeat(CREDIT_BYTES + 10) + "\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(session.output.end, CREDIT_BYTES);
  session.output.ack(CREDIT_BYTES, CREDIT_BYTES);
  await settle();
  assertEquals(session.output.end, CREDIT_BYTES + 11);
});

Deno.test("a session whose container is gone when the engine is back ends with reason engine", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  stage.engine.comeBack();
  stage.engine.failAt = "rejoin";
  stage.engine.failsWith = "missing";
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "engine");
});

Deno.test("a session that the engine refuses to join again for a moment goes on", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  stage.engine.comeBack();
  stage.engine.failAt = "rejoin";
  await stage.clock.advance(20_000);
  assertEquals(session.phase, "live");
  stage.engine.failAt = null;
  await stage.clock.advance(1_000);
  const writing = session.write(new TextEncoder().encode("x"), never);
  await stage.clock.advance(1_000);
  await writing;
  assertEquals(stage.engine.containers.get(session.container)!.stream.written, ["x"]);
});

Deno.test("when output is lost with the engine, the viewer comes back to a screen started over", async () => {
  await using stage = new Stage();
  const { session, container, viewer } = await stage.view();
  container.stream.print("one\n");
  await settle();
  stage.engine.goAway();
  container.log = "nothing of it is left\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(viewer.over.reason, "comeBack");
  const { from } = session.view("one\n".length, () => {});
  assert(from > "one\n".length);
  assertEquals(text(session.output.peek(from, 100)), "nothing of it is left\n");
});

Deno.test("a viewer is told of a pause that lasts, and of its end; one that comes meanwhile, too", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  const incident = (kind: "pause" | "unpause") =>
    stage.engine.incident({ kind, container: session.container });
  incident("pause");
  await stage.clock.advance(900);
  incident("unpause");
  await stage.clock.advance(10_000);
  assertEquals(events, []);
  incident("pause");
  await stage.clock.advance(1_000);
  assertEquals(events, [{ type: "paused" }]);
  const later: TerminalEvent[] = [];
  session.view(0, (event) => later.push(event));
  session.remind();
  incident("unpause");
  await settle();
  assertEquals(later, [{ type: "paused" }, { type: "resumed" }]);
});

Deno.test("a session whose engine stays away tells its viewer, and ends with reason engine", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  stage.engine.goAway();
  await stage.clock.advance(100_000);
  assertEquals([session.phase, events], ["live", [{ type: "paused" }]]);
  await stage.clock.advance(30_000);
  assertEquals((await session.ended).reason, "engine");
  stage.engine.comeBack();
});

Deno.test("an exit while the engine's events were broken off is found out", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.engine.goAway();
  await stage.clock.advance(1_000);
  stage.engine.comeBack();
  stage.engine.ended.set(session.container, 4);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).exitCode, 4);
});
