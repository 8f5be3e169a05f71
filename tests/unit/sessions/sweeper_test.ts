import { assertEquals } from "@std/assert";
import type { ContainerSummary } from "../../../lib/sessions/engine.ts";
import { sweep } from "../../../lib/sessions/sweeper.ts";

const signal = new AbortController().signal;

function container(session: string | null, state = "running"): ContainerSummary {
  return { id: `id-${session}`, name: `ttygate-${session}`, state, session, user: "alice" };
}

function engineWith(containers: ContainerSummary[], stuck: string[] = []) {
  const ended: string[] = [];
  return {
    ended,
    list: () => Promise.resolve(containers),
    end: (id: string) => {
      if (stuck.includes(id)) return Promise.reject(new Error("stuck"));
      ended.push(id);
      return Promise.resolve();
    },
  };
}

Deno.test("sweep() removes what has no lease and spares what has one", async () => {
  const engine = engineWith([container("live"), container("orphan"), container(null)]);
  const leased = () => Promise.resolve(new Set(["live"]));
  const report = await sweep(engine, leased, { dryRun: false, signal });
  assertEquals(engine.ended, ["id-orphan", "id-null"]);
  assertEquals(report.spared.map(({ session }) => session), ["live"]);
});

Deno.test("sweep() asks for the leases after the list, so that a session just begun is spared", async () => {
  const order: string[] = [];
  const engine = engineWith([container("new")]);
  const list = engine.list;
  engine.list = () => (order.push("list"), list());
  const leased = () => {
    order.push("leases");
    return Promise.resolve(new Set(["new"]));
  };
  assertEquals((await sweep(engine, leased, { dryRun: false, signal })).removed, []);
  assertEquals(order, ["list", "leases"]);
});

Deno.test("sweep() spares a probe until its time is over", async () => {
  const probe = (id: string, probesUntil: number) => ({ ...container(id), probesUntil });
  const engine = engineWith([probe("forgotten", 1000), probe("measuring", 1001)]);
  const nobody = () => Promise.resolve(new Set<string>());
  const now = () => 1_000_000;
  const { spared } = await sweep(engine, nobody, { dryRun: false, signal, now });
  assertEquals(engine.ended, ["id-forgotten"]);
  assertEquals(spared.map(({ session }) => session), ["measuring"]);
});

Deno.test("sweep() with dryRun removes nothing and says what it would", async () => {
  const engine = engineWith([container("orphan")]);
  const nobody = () => Promise.resolve(new Set<string>());
  const { removed } = await sweep(engine, nobody, { dryRun: true, signal });
  assertEquals(removed.map(({ session }) => session), ["orphan"]);
  assertEquals(engine.ended, []);
});

Deno.test("sweep() goes on past a container that will not go", async () => {
  const containers = Array.from({ length: 30 }, (_, i) => container(`c${i}`));
  const engine = engineWith(containers, ["id-c3"]);
  const nobody = () => Promise.resolve(new Set<string>());
  const { removed, failed } = await sweep(engine, nobody, { dryRun: false, signal });
  assertEquals([removed.length, failed.length], [29, 1]);
  assertEquals(failed[0]!.container.session, "c3");
});
