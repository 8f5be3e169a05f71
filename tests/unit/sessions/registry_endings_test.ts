/** How the end of a shell is told, by whomever it came. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CREDIT_BYTES } from "../../../lib/terminal/credit.ts";
import { settle } from "../../support/manual_clock.ts";
import { MINUTE, Stage } from "./registry_stage.ts";

Deno.test("a session ends with the shell's exit and passes its status on", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("bye");
  container.stream.end();
  container.exit.resolve(3);
  assertEquals(await session.ended, {
    reason: "exit",
    exitCode: 3,
    message: "The shell ended with exit status 3.",
  });
  assertEquals(new TextDecoder().decode(session.output.peek(0, 10)), "bye");
  await session.gone;
  await settle();
  stage.assertClean();
});

Deno.test("a session whose stream outlives its shell is not kept by it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.exit.resolve(0);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("a killed shell is told apart: out of memory, killed outside, or by its own", async () => {
  for (const [kind, reason] of [["oom", "oom"], ["kill", "killed"], [null, "exit"]] as const) {
    await using stage = new Stage();
    const { session, container } = await stage.view();
    if (kind) stage.engine.incident({ kind, container: session.container });
    container.stream.end();
    container.exit.resolve(137);
    await stage.clock.advance(1_000);
    assertEquals((await session.ended).reason, reason);
    assertEquals((await session.ended).exitCode, 137);
  }
});

Deno.test("what others than the gateway stopped is no administrator's kill in the journal", async () => {
  for (const status of [137, 143]) {
    await using stage = new Stage();
    const { session, container } = await stage.view();
    stage.engine.incident({ kind: "kill", container: session.container });
    container.stream.end();
    container.exit.resolve(status);
    const { reason, cause, exitCode } = await session.ended;
    assertEquals([reason, cause, exitCode], ["killed", "stopped", status]);
  }
});

Deno.test("a kill that the engine tells of after the exit still counts", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.end();
  container.exit.resolve(137);
  await stage.clock.advance(100);
  stage.engine.incident({ kind: "oom", container: session.container });
  assertEquals((await session.ended).reason, "oom");
});

Deno.test("a kill long before the exit has nothing to do with it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.incident({ kind: "oom", container: session.container });
  await stage.clock.advance(10 * MINUTE);
  container.stream.end();
  container.exit.resolve(137);
  await stage.clock.advance(1_000);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("the last output of a shell waits for a slow viewer, as long as that one moves on", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const block = "x".repeat(CREDIT_BYTES);
  container.stream.print(block);
  await settle();
  container.stream.print("the end");
  container.stream.end();
  container.exit.resolve(0);
  for (let acked = 1; acked <= "the end".length; acked++) {
    await stage.clock.advance(5_000);
    assertEquals(session.phase, "live");
    session.output.ack(acked, CREDIT_BYTES);
  }
  session.output.ack(CREDIT_BYTES, CREDIT_BYTES);
  await stage.clock.advance(0);
  assertEquals((await session.ended).reason, "exit");
  assertEquals(session.output.end, CREDIT_BYTES + "the end".length);
});

Deno.test("an out-of-memory program does not decide how the shell's own exit is told", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.incident({ kind: "oom", container: session.container });
  container.stream.end();
  container.exit.resolve(0);
  assertEquals((await session.ended).reason, "exit");
});

Deno.test("a container that will not go is logged, and its session is given up", async () => {
  const stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.failAt = "end";
  container.stream.end();
  container.exit.resolve(0);
  await assertRejects(() => session.gone);
  await settle();
  assertEquals(stage.registry.list(), []);
  assertEquals(stage.leased.size, 0);
  assert(stage.lines.some((line) => line.includes("was not removed")));
  await stage.registry[Symbol.asyncDispose]();
});
