/** What an agent counts of its sessions. */
import { assertEquals, assertRejects } from "@std/assert";
import { ending } from "../../../lib/sessions/endings.ts";
import { EngineError } from "../../../lib/sessions/errors.ts";
import { settle } from "../../support/manual_clock.ts";
import { MINUTE, never, Stage } from "./registry_stage.ts";

/** How many of each start and stage took how many seconds in all. */
function starts({ registry }: Stage) {
  return registry.tally.counts.starts.map(({ start, stage, seconds: { buckets, sum } }) =>
    [start, stage, buckets.reduce((all, one) => all + one), sum] as const
  );
}

Deno.test("a start is counted by its stages, once the first output is there", async () => {
  await using stage = new Stage();
  const session = await stage.open();
  await stage.clock.advance(250);
  assertEquals([stage.registry.tally.counts.started, starts(stage)], [1, []]);
  stage.engine.containers.get(session.container)!.stream.print("# ");
  await settle();
  assertEquals(starts(stage), [
    ["cold", "create", 1, 0],
    ["cold", "attach", 1, 0],
    ["cold", "start", 1, 0],
    ["cold", "prompt", 1, 0.25],
    ["cold", "all", 1, 0.25],
  ]);
});

Deno.test("a shell without a prompt has taken its time, but no prompt's", async () => {
  await using stage = new Stage();
  await stage.open();
  await stage.clock.advance(1_000);
  assertEquals(starts(stage).map(([, stage, , sum]) => [stage, sum]), [
    ["create", 0],
    ["attach", 0],
    ["start", 0],
    ["all", 1],
  ]);
});

Deno.test("who gets a ready shell waits for no container; who does not is a miss", async () => {
  await using stage = new Stage({ poolSize: 1 });
  await settle();
  const [ready] = stage.engine.containers.values();
  ready!.stream.print("# ");
  await stage.open();
  await settle();
  assertEquals(starts(stage).map(([start, stage]) => `${start} ${stage}`), [
    ...["ready start", "ready prompt", "ready all"],
  ]);
  await stage.open("bob");
  const { poolHits, poolMisses } = stage.registry.tally.counts;
  assertEquals([poolHits, poolMisses], [1, 1]);
});

Deno.test("where no shells are kept ready nobody misses one", async () => {
  await using stage = new Stage();
  await stage.open();
  const { poolHits, poolMisses } = stage.registry.tally.counts;
  assertEquals([poolHits, poolMisses], [0, 0]);
});

Deno.test("ends are counted by their causes", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  viewer[Symbol.dispose]();
  await stage.clock.advance(MINUTE);
  await session.gone;
  const killed = await stage.open();
  killed.end(ending("killed", ""));
  await killed.gone;
  assertEquals(stage.registry.tally.counts.ended, { away: 1, killed: 1 });
});

Deno.test("bytes are counted as they come and go, and an echo by its time", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("# ");
  await stage.clock.advance(1_000);
  await session.write(Uint8Array.of(0x78), never);
  await stage.clock.advance(3);
  container.stream.print("x");
  await settle();
  await session.write(Uint8Array.of(0x0d, 0x0d), never);
  const { inputBytes, outputBytes, echo } = stage.registry.tally.counts;
  assertEquals([inputBytes, outputBytes], [3, 3]);
  assertEquals([echo.sum, echo.buckets.indexOf(1)], [0.003, 2]);
});

Deno.test("a key that is not echoed is no slow echo", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  await session.write(Uint8Array.of(0x78), never);
  await stage.clock.advance(1_001);
  container.stream.print("later");
  await settle();
  assertEquals(Math.max(...stage.registry.tally.counts.echo.buckets), 0);
});

Deno.test("what the engine refuses or does not answer is counted by the call", async () => {
  await using stage = new Stage();
  const fail = (answer: "none" | "refused" | "missing") => {
    stage.engine.create = () => Promise.reject(new EngineError("Cannot create", { answer }));
    return assertRejects(() => stage.open(), EngineError);
  };
  for (const answer of ["refused", "none", "refused", "missing"] as const) await fail(answer);
  assertEquals(stage.registry.tally.counts.engineErrors, [
    { call: "create", answer: "refused", count: 2 },
    { call: "create", answer: "none", count: 1 },
  ]);
});
