/** What is left when sessions, viewers and the gateway leave. */
import { assertEquals, assertRejects } from "@std/assert";
import { ending } from "../../../lib/sessions/endings.ts";
import { ShutdownError } from "../../../lib/sessions/errors.ts";
import { settle } from "../../support/manual_clock.ts";
import { MINUTE, Stage } from "./registry_stage.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a session that ends while its viewer is away can be recalled within the grace", async () => {
  await using stage = new Stage();
  const { session, viewer, container } = await stage.view();
  viewer[Symbol.dispose]();
  container.stream.print("RESULT=42\n");
  container.stream.end();
  container.exit.resolve(3);
  await session.gone;
  await settle();
  assertEquals([stage.registry.find(session.id), stage.registry.list()], [undefined, []]);
  const recalled = stage.registry.endedSessions.find(session.id)!;
  assertEquals(text(recalled.output.latest(100)), "RESULT=42\n");
  assertEquals((await recalled.ended).exitCode, 3);
  await stage.clock.advance(MINUTE);
  assertEquals(stage.registry.endedSessions.find(session.id), undefined);
});

Deno.test("a session whose end was seen is not recalled", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  stage.registry.endedSessions.forget(session);
  session.end(ending("killed", ""));
  await session.gone;
  await settle();
  assertEquals(stage.registry.endedSessions.find(session.id), undefined);
});

Deno.test("leave() leaves nothing of a session that has ended", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  const { registry, engine } = stage;
  engine.failAt = "end";
  session.end(ending("killed", ""));
  await assertRejects(() => session.gone);
  await registry.leave();
  assertEquals(stage.leased.size, 0);
});

Deno.test("drain() ends live sessions with the cause and resolves when all is gone", async () => {
  const stage = new Stage();
  const first = await stage.open();
  const second = await stage.open("bob");
  await stage.registry.endAll(ending("shutdown", "bye"));
  assertEquals((await first.ended).reason, "shutdown");
  assertEquals((await second.ended).message, "bye");
  stage.assertClean();
  await assertRejects(() => stage.open(), ShutdownError);
});

/** A session whose start goes no further than the attach until the gate is opened. */
async function heldStart() {
  const stage = new Stage();
  const gate = Promise.withResolvers<void>();
  const { attach } = stage.engine;
  stage.engine.attach = async (container) => {
    await gate.promise;
    return await attach.call(stage.engine, container);
  };
  const starting = stage.open();
  await settle();
  return { stage, gate, starting };
}

Deno.test("drain() waits for a start that is under way, and leaves nothing of it", async () => {
  const { stage, gate, starting } = await heldStart();
  const drained = stage.registry.endAll(ending("shutdown", "bye"));
  gate.resolve();
  await assertRejects(() => starting, ShutdownError);
  await drained;
  stage.assertClean();
});

Deno.test("leave() refuses a start that is under way, so that its client comes again", async () => {
  const { stage, gate, starting } = await heldStart();
  const left = stage.registry.leave();
  gate.resolve();
  const error = await assertRejects(() => starting, ShutdownError) as ShutdownError;
  assertEquals(error.followed, true);
  await left;
  stage.assertClean();
});
