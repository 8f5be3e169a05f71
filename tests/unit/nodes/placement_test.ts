/** Where a session begins. */
import { assertEquals } from "@std/assert";
import { choose } from "../../../lib/nodes/placement.ts";

function node(
  name: string,
  { sessions = 0, ready = 0, maxTotal = 10, draining = false } = {},
) {
  const lived = Array.from({ length: sessions }, (_, i) => ({ id: `${name}${i}`, user: "alice" }));
  return { name, status: { ready, maxTotal, draining, image: "", sessions: lived } };
}

Deno.test("a node is chosen for its ready shell, then for its room, then for its place", () => {
  const cases: readonly (readonly [nodes: ReturnType<typeof node>[], name: string | undefined])[] =
    [
      [[], undefined],
      [[node("a"), node("b")], "a"],
      [[node("a", { sessions: 1 }), node("b")], "b"],
      [[node("a"), node("b", { ready: 1, sessions: 9 })], "b"],
      [[node("a", { ready: 1, sessions: 2 }), node("b", { ready: 5, sessions: 1 })], "b"],
      [[node("a", { sessions: 4, maxTotal: 5 }), node("b", { sessions: 7, maxTotal: 100 })], "b"],
      [[node("a", { sessions: 10 }), node("b", { draining: true })], undefined],
      [[node("a", { sessions: 10, ready: 3 }), node("b", { sessions: 9 })], "b"],
    ];
  for (const [nodes, name] of cases) assertEquals(choose(nodes, null)?.name, name);
});

Deno.test("one that is asked for by name is taken, where it has room", () => {
  const nodes = [node("a", { ready: 1 }), node("b"), node("c", { sessions: 10 })];
  assertEquals(["b", "c", "d"].map((name) => choose(nodes, name)?.name), [
    "b",
    undefined,
    undefined,
  ]);
});
