/** What a Swarm says of nodes, and whose word counts. */
import { assertEquals } from "@std/assert";
import type { SwarmNode, SwarmTask } from "deno-docker-api";
import { inventoryOf } from "../../../lib/sessions/swarm_view.ts";
import { withSwarm } from "../../../lib/nodes/swarm.ts";
import type { NodeStatus } from "../../../lib/protocol/nodes.ts";

const GB = 1024 ** 3;

function swarmNode(
  ID: string,
  { availability = "active" as const, labels = {}, engine = {}, state = "ready" as const } = {} as {
    availability?: SwarmNode["Spec"]["Availability"];
    labels?: Record<string, string>;
    engine?: Record<string, string>;
    state?: SwarmNode["Status"]["State"];
  },
): SwarmNode {
  return {
    ID,
    Spec: { Availability: availability, Labels: labels },
    Description: {
      Hostname: ID,
      Resources: { NanoCPUs: 4e9, MemoryBytes: 8 * GB },
      Engine: { Labels: engine },
    },
    Status: { State: state },
  };
}

const task = (NodeID: string, NanoCPUs?: number, MemoryBytes?: number): SwarmTask => ({
  NodeID,
  Spec: {
    Resources: { Reservations: { ...NanoCPUs && { NanoCPUs }, ...MemoryBytes && { MemoryBytes } } },
  },
});

function status(swarm: NodeStatus["swarm"], rest: Partial<NodeStatus> = {}): NodeStatus {
  const none = { ready: 0, maxTotal: 9, draining: false, image: "", images: [], sessions: [] };
  return { ...none, labels: ["own"], swarm, ...rest };
}

Deno.test("a node's labels are its engine's and Swarm's, and its load what services have reserved", () => {
  const inventory = inventoryOf(
    [
      swarmNode("a", { labels: { gpu: "", zone: "eu" }, engine: { disk: "ssd" } }),
      swarmNode("b", { availability: "drain", state: "down" }),
    ],
    [task("a", 1e9), task("a", 1e9, GB), task("b", 0, 6 * GB), { Spec: {} }],
  );
  assertEquals(inventory, [
    {
      ...{ id: "a", availability: "active", ready: true, reserved: 0.5 },
      labels: ["disk=ssd", "gpu", "zone=eu"],
    },
    { id: "b", availability: "drain", ready: false, labels: [], reserved: 0.75 },
  ]);
});

Deno.test("what a manager says of a node joins what that says of itself", () => {
  const inventory = inventoryOf([
    swarmNode("m"),
    swarmNode("a", { labels: { gpu: "" } }),
    swarmNode("p", { availability: "pause" }),
    swarmNode("d", { state: "down" }),
  ], [task("a", 1e9)]);
  const manager = status({ node: "m", managers: ["m"], inventory });
  const worker = (node: string) => status({ node, managers: ["m"], inventory: [] });
  const seen = (node: string) => {
    const own = worker(node);
    const { draining, labels, swarmState, reserved } = withSwarm(own, [own, manager]);
    return [draining, labels, swarmState, reserved];
  };
  assertEquals(seen("a"), [false, ["own", "gpu"], "active", 0.25]);
  assertEquals(seen("p"), [true, ["own"], "pause", 0]);
  assertEquals(seen("d"), [true, ["own"], "down", 0]);
  assertEquals(seen("stranger"), [false, ["own"], null, 0]);
  assertEquals(withSwarm(status(null), [manager]).swarmState, null);
});

Deno.test("nobody but a node's own managers can drain it or label it", () => {
  const inventory = inventoryOf(
    [swarmNode("a", { availability: "drain", labels: { gpu: "" } })],
    [],
  );
  const liar = status({ node: "x", managers: ["x"], inventory });
  const own = status({ node: "a", managers: ["m"], inventory: [] });
  assertEquals(withSwarm(own, [liar, own]).draining, false);
  assertEquals(withSwarm(own, [liar, own]).labels, ["own"]);
});
