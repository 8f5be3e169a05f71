/** Where a session begins. */
import { assertEquals } from "@std/assert";
import { choose, suits, type Wish } from "../../../lib/nodes/placement.ts";

const ANY: Wish = { image: null, groups: [], labels: [] };

function node(
  name: string,
  { sessions = 0, images = ["default"], groups = null as string[] | null, ...rest } = {} as {
    sessions?: number;
    ready?: number;
    maxTotal?: number;
    draining?: boolean;
    images?: string[];
    groups?: string[] | null;
    labels?: string[];
    reserved?: number;
  },
) {
  const lived = Array.from({ length: sessions }, (_, i) => ({
    ...{ id: `${name}${i}`, user: "alice", image: "" },
  }));
  const status = {
    ...{
      ready: 0,
      maxTotal: 10,
      draining: false,
      image: "",
      labels: [],
      swarm: null,
      sessions: lived,
    },
    images: images.map((image) => ({ name: image, title: image, groups })),
    ...rest,
  };
  return { name, status };
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
      [[node("a", { reserved: 0.5 }), node("b", { sessions: 4 })], "b"],
    ];
  for (const [nodes, name] of cases) assertEquals(choose(nodes, ANY)?.name, name);
});

Deno.test("a node is chosen that offers the image, to this person, and has its labels", () => {
  const nodes = [
    node("a", { ready: 2 }),
    node("b", { images: ["default", "python"], ready: 1, sessions: 2 }),
    node("c", { images: ["python", "host"], groups: ["staff"], labels: ["gpu", "eu"] }),
  ];
  const chosen = (wish: Partial<Wish>) => choose(nodes, { ...ANY, ...wish })?.name;
  assertEquals(chosen({ image: "default" }), "a");
  assertEquals(chosen({ image: "python" }), "b");
  assertEquals(chosen({ image: "python", labels: ["gpu"] }), undefined);
  assertEquals(chosen({ image: "python", labels: ["gpu"], groups: ["staff"] }), "c");
  assertEquals(chosen({ image: "host", groups: ["admin"] }), undefined);
  assertEquals(chosen({ image: "host", groups: ["admin", "staff"] }), "c");
  assertEquals(chosen({ labels: ["us"] }), undefined);
});

Deno.test("a shell that waits counts for the image that it is of alone", () => {
  const nodes = [
    node("a", { images: ["default", "python"], ready: 2, sessions: 1 }),
    node("b", { images: ["python", "default"], sessions: 0 }),
  ];
  assertEquals(choose(nodes, { ...ANY, image: "default" })?.name, "a");
  assertEquals(choose(nodes, { ...ANY, image: "python" })?.name, "b");
});

Deno.test("a full node suits still: it says itself that it has no room", () => {
  const full = node("a", { sessions: 10 });
  assertEquals([choose([full], ANY), suits(full, ANY)], [null, true]);
});
