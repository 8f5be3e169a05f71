/** Joins what nodes say of themselves with what a Swarm says of them; pure. */
import type { NodeStatus } from "../protocol/nodes.ts";

type Entry = NonNullable<NodeStatus["swarm"]>["inventory"][number];

/** A node as both have it. */
export interface SwarmStatus extends NodeStatus {
  /** How Swarm has it: "active", "pause", "drain" or "down"; null where it does not. */
  readonly swarmState: string | null;
  /** The share of it that Swarm's services have reserved. */
  readonly reserved: number;
}

/** Makes one of a node's status and of what any of these, a manager, says of it. */
export function withSwarm(status: NodeStatus, all: readonly NodeStatus[]): SwarmStatus {
  const { swarm } = status;
  const entry = swarm && findEntry(swarm, all);
  if (!entry) return { ...status, swarmState: null, reserved: 0 };
  const swarmState = entry.ready ? entry.availability : "down";
  return {
    ...status,
    draining: status.draining || swarmState !== "active",
    labels: [...new Set([...status.labels, ...entry.labels])],
    swarmState,
    reserved: entry.reserved,
  };
}

/** What one of its own managers says: no other node may say anything of it. */
function findEntry(
  { node, managers }: NonNullable<NodeStatus["swarm"]>,
  all: readonly NodeStatus[],
): Entry | undefined {
  for (const { swarm } of all) {
    if (swarm === null || !managers.includes(swarm.node)) continue;
    const entry = swarm.inventory.find(({ id }) => id === node);
    if (entry) return entry;
  }
}
