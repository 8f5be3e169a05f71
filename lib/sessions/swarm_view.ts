/** What Docker Swarm knows of its nodes, as far as it matters where a session begins; pure. */
import type { SwarmNode, SwarmTask } from "deno-docker-api";
import type { SwarmEntry } from "../protocol/nodes.ts";

/** The most nodes that are told of, and labels of each. */
const NODES = 1_000, LABELS = 100;

/**
 * Makes it of `GET /nodes` and `GET /tasks`. A label is `key`, or `key=value` where it has a value:
 * those of a node's engine, and those that Swarm gave it. What is reserved is the share of its
 * processors or of its memory, whichever is more.
 */
export function inventoryOf(
  nodes: readonly SwarmNode[],
  tasks: readonly SwarmTask[],
): SwarmEntry[] {
  return nodes.slice(0, NODES).map(({ ID, Spec, Description, Status }) => {
    const { Resources, Engine } = Description;
    const own = tasks.filter(({ NodeID }) => NodeID === ID)
      .map(({ Spec }) => Spec.Resources?.Reservations ?? {});
    const share = (of: "NanoCPUs" | "MemoryBytes") =>
      own.reduce((sum, one) => sum + (one[of] ?? 0), 0) / Math.max(1, Resources[of] ?? 0);
    return {
      id: ID,
      availability: Spec.Availability,
      ready: Status.State === "ready",
      labels: [...labelsOf(Engine.Labels), ...labelsOf(Spec.Labels)].slice(0, LABELS),
      reserved: Math.max(share("NanoCPUs"), share("MemoryBytes")),
    };
  });
}

function labelsOf(labels: Readonly<Record<string, string>> | null | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => value === "" ? key : `${key}=${value}`)
    .filter((label) => label.length <= 63);
}
