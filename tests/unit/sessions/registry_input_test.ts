/** Input and sizes on their way to the program. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { INTERRUPTED } from "../../../lib/terminal/bridge.ts";
import { settle } from "../../support/manual_clock.ts";
import { MINUTE, never, Stage } from "./registry_stage.ts";

Deno.test("what a terminal answers by itself reaches the program and does not put the idle end off", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const answers = ["\x1b[?1;2c", "\x1b[24;80R", "\x1b[I", "\x1b]11;rgb:0/0/0\x1b\\"];
  for (let minute = 0; minute < 14; minute++) {
    await stage.clock.advance(MINUTE);
    await session.write(new TextEncoder().encode(answers[minute % 4]), never);
  }
  assertEquals(container.stream.written.slice(0, 4), answers);
  await stage.clock.advance(MINUTE);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("input that a broken connection took in part goes on with its rest", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.takesBytes = 2;
  const first = container.stream;
  const writing = session.write(new TextEncoder().encode("abcde"), never);
  await settle();
  assertEquals(session.inputBytes, 5, "whoever comes back must not send it again");
  stage.engine.goAway();
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  await writing;
  assertEquals([first.written, container.stream.written], [["ab"], ["cde"]]);
  assertEquals(session.inputBytes, 5);
});

Deno.test("input that is on its way when the gateway leaves counts as far as it was taken", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.takesBytes = 2;
  const writing = session.write(new TextEncoder().encode("abcde"), never);
  const queued = new AbortController();
  const waiting = session.write(new TextEncoder().encode("fgh"), queued.signal);
  queued.abort();
  await assertRejects(() => waiting);
  const left = stage.registry.leave();
  await stage.clock.advance(100);
  await left;
  await writing;
  assertEquals(session.inputBytes, 2);
});

Deno.test("input that waits for its turn is dropped when its client leaves", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const gate = Promise.withResolvers<void>();
  const { write } = container.stream;
  container.stream.write = async (bytes) => {
    await gate.promise;
    return await write.call(container.stream, bytes);
  };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const leaving = new AbortController();
  const first = session.write(bytes("a"), never);
  const second = session.write(bytes("b"), leaving.signal);
  const third = session.write(bytes("c"), never);
  leaving.abort();
  await assertRejects(() => second);
  gate.resolve();
  await Promise.all([first, third]);
  assertEquals(container.stream.written, ["a", "c"]);
});

Deno.test("input is counted when it is passed on, or was dropped for good, and not when it was lost", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const gate = Promise.withResolvers<void>();
  const { write } = container.stream;
  container.stream.write = async (bytes) => {
    await gate.promise;
    return await write.call(container.stream, bytes);
  };
  const bytes = new Uint8Array(10);
  const leaving = new AbortController(), interrupted = new AbortController();
  const first = session.write(bytes, never);
  await settle();
  assertEquals(session.inputBytes, 10, "the shell will have it, whatever becomes of its viewer");
  const lost = session.write(bytes, leaving.signal);
  const dropped = session.write(bytes, interrupted.signal);
  interrupted.abort(INTERRUPTED);
  leaving.abort();
  await Promise.allSettled([lost, dropped]);
  assertEquals(session.inputBytes, 20);
  gate.resolve();
  await first;
});

Deno.test("input that comes while the engine is away waits for it", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  stage.engine.goAway();
  container.stream.write = () => Promise.reject(new Error("broken pipe"));
  const written = session.write(new TextEncoder().encode("a"), never);
  await settle();
  stage.engine.comeBack();
  await stage.clock.advance(10_000);
  await written;
  assertEquals(container.stream.written, ["a"]);
});

Deno.test("of several sizes that come at once, the terminal gets the last", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const before = stage.engine.calls.length;
  for (let cols = 1; cols <= 50; cols++) session.resize({ cols, rows: 10 });
  await stage.clock.advance(50);
  assertEquals(container.size, { cols: 50, rows: 10 });
  assert(stage.engine.calls.length - before <= 2);
});

Deno.test("the first size counts at once, and the engine is told of others twenty times a second at most", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const before = stage.engine.calls.length;
  for (let cols = 1; cols <= 100; cols++) {
    session.resize({ cols, rows: 10 });
    if (cols === 1) {
      await settle();
      assertEquals(container.size, { cols: 1, rows: 10 });
    }
    await stage.clock.advance(10);
  }
  await stage.clock.advance(50);
  assertEquals(container.size, { cols: 100, rows: 10 });
  const told = stage.engine.calls.length - before;
  assert(told >= 15 && told <= 22, `${told} times`);
});
