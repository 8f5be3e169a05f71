/** How sessions start: the order of it, what a failure leaves, and who is refused. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ending } from "../../../lib/sessions/endings.ts";
import { EngineError, LimitError } from "../../../lib/sessions/errors.ts";
import { settle } from "../../support/manual_clock.ts";
import { Stage } from "./registry_stage.ts";

Deno.test("open() watches the exit and attaches before it starts, and sizes right after", async () => {
  await using stage = new Stage();
  await stage.open();
  assertEquals(stage.engine.calls, ["create", "attach", "start", "resize"]);
});

Deno.test("open() has its lease before the container is created", async () => {
  await using stage = new Stage();
  stage.engine.create = ({ session }) => {
    assert(stage.leased.has(session));
    return Promise.reject(new EngineError("Cannot create", { answer: "refused" }));
  };
  await assertRejects(() => stage.open(), EngineError);
  assertEquals(stage.leased.size, 0);
});

Deno.test("open() that fails at any step leaves no container, lease or permit", async () => {
  for (const step of ["create", "attach", "start"] as const) {
    await using stage = new Stage({ maxPerUser: 1 });
    stage.engine.failAt = step;
    await assertRejects(() => stage.open(), EngineError, step);
    stage.assertClean();
    stage.engine.failAt = null;
    await stage.open();
  }
});

Deno.test("open() survives a terminal that cannot be sized", async () => {
  await using stage = new Stage();
  stage.engine.failAt = "resize";
  assertEquals((await stage.open()).phase, "live");
});

Deno.test("open() refuses the session past max_per_user, and a place comes free with an end", async () => {
  await using stage = new Stage({ maxPerUser: 2 });
  const first = await stage.open();
  await stage.open();
  await assertRejects(() => stage.open(), LimitError, "2 terminals open");
  await stage.open("bob");
  first.end(ending("killed", ""));
  await first.gone;
  await stage.open();
});

Deno.test("open() counts sessions that are still starting", async () => {
  await using stage = new Stage({ maxPerUser: 1 });
  const results = await Promise.allSettled([stage.open(), stage.open()]);
  assertEquals(results.map(({ status }) => status), ["fulfilled", "rejected"]);
});

Deno.test("open() refuses the session past max_total with a sentence", async () => {
  await using stage = new Stage({ maxTotal: 1 });
  await stage.open();
  await assertRejects(() => stage.open("bob"), LimitError, "All places");
});

Deno.test("a start whose shell prints nothing says so in its stages", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  await stage.clock.advance(1_000);
  assertEquals((await session.stages).prompt, null);
});

Deno.test("a session's id is 16 lower-case letters and digits, and no two are alike", async () => {
  await using stage = new Stage();
  const [{ session: one }, { session: other }] = [await stage.view(), await stage.view()];
  assertMatch(one.id + other.id, /^[a-z2-7]{32}$/);
  assert(one.id !== other.id);
});

Deno.test("who starts one session after the other beside others leaves ready shells to them", async () => {
  await using stage = new Stage({ poolSize: 3, maxPerUser: 9 });
  await settle();
  const starts = async (user: string) => {
    const before = stage.engine.calls.length;
    await stage.open(user);
    return stage.engine.calls.slice(before).includes("start") ? "cold" : "ready";
  };
  assertEquals([await starts("alice"), await starts("alice")], ["ready", "ready"]);
  await stage.clock.advance(5000);
  assertEquals([await starts("bob"), await starts("alice"), await starts("alice")], [
    "ready",
    "ready",
    "cold",
  ]);
});
