import { assertEquals } from "@std/assert";
import type { NodeInfo } from "../../../../lib/protocol/nodes.ts";
import type { OwnedSession } from "../../../../lib/protocol/resources.ts";
import { size, span, stateOf, summary } from "../../../../static/admin/words.ts";

const node: NodeInfo = {
  name: "west",
  kind: "joined",
  state: "online",
  draining: false,
  sessions: 1,
  ready: 2,
  maxTotal: 50,
  image: "base",
  images: [],
  labels: [],
  swarm: null,
  remote: "10.0.0.7",
  since: null,
};
const session = (user: string) => ({ user }) as OwnedSession;

Deno.test("a time is told in its two largest units, from a minute on without seconds", () => {
  const times: readonly (readonly [number, string])[] = [
    [-3, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h"],
    [11_400, "3 h 10 min"],
    [86_400, "1 d"],
    [187_200, "2 d 4 h"],
  ];
  for (const [seconds, words] of times) assertEquals(span(seconds), words);
});

Deno.test("a size has two digits at least where it is not whole", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_024, "1 KB"],
    [1_536, "1.5 KB"],
    [10_240, "10 KB"],
    [1_048_575, "1 MB"],
    [24_117_248, "23 MB"],
    [5 * 1024 ** 4, "5 TB"],
  ];
  for (const [bytes, words] of sizes) assertEquals(size(bytes), words);
});

Deno.test("a node that drains, is away or has not joined is called so", () => {
  assertEquals(stateOf(node), "Online");
  assertEquals(stateOf({ ...node, draining: true }), "Draining");
  assertEquals(stateOf({ ...node, state: "away", draining: true }), "Away");
  assertEquals(stateOf({ ...node, kind: "invited", state: "invited" }), "Invited");
});

Deno.test("the summary counts users once, and no shells of nodes that are away", () => {
  const away: NodeInfo = { ...node, state: "away" };
  const invited: NodeInfo = { ...node, kind: "invited", state: "invited", ready: null };
  assertEquals(
    summary({
      sessions: [session("alice"), session("alice"), session("bob")],
      nodes: [node, away, invited],
      waiting: [{}, {}],
      engine: null,
    }),
    "3 sessions · 2 active users · 2 ready shells · 2 nodes, 1 away · 2 accounts waiting · engine works",
  );
  assertEquals(
    summary({ sessions: [session("alice")], nodes: [node], waiting: [], engine: "It is away." }),
    "1 session · 1 active user · 2 ready shells · 1 node · engine does not work",
  );
});
