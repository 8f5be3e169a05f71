/** What is told of a node, and what several come to together; pure. */
import type { ImageInfo, NodeInfo, NodeStatus } from "../protocol/nodes.ts";
import type { Link } from "./link.ts";
import type { SwarmStatus } from "./swarm.ts";
import type { Counts, SessionInfo } from "../protocol/resources.ts";

/** One that is there has answered, or has a link. */
export function describeNode(
  name: string,
  kind: "local" | "joined",
  { status, link }: { readonly status: SwarmStatus | null; readonly link: Link | null },
): NodeInfo {
  const isThere = kind === "local" ? status !== null : link !== null;
  return {
    ...{ name, kind, state: isThere ? "online" : "away" },
    ...figures(status),
    ...{ remote: link?.remote ?? null, since: link?.since.toISOString() ?? null },
  };
}

/** How a node is; null where nothing is known. */
function figures(status: SwarmStatus | null) {
  return {
    draining: status?.draining ?? false,
    sessions: status?.sessions.length ?? null,
    ready: status?.ready ?? null,
    maxTotal: status?.maxTotal ?? null,
    image: status?.image ?? null,
    images: status?.images ?? [],
    labels: status?.labels ?? [],
    swarm: status?.swarmState ?? null,
  };
}

/** What all of them offer together, each name once. */
export function unionOf(all: readonly NodeStatus[]): ImageInfo[] {
  return [...new Map(all.flatMap(({ images }) => images).toReversed().map((one) => [one.name, one]))
    .values()].toReversed();
}

/** All of them as one. */
export function statusOfAll(all: readonly NodeStatus[]): NodeStatus {
  return {
    ready: all.reduce((sum, { ready }) => sum + ready, 0),
    maxTotal: all.reduce((sum, { maxTotal }) => sum + maxTotal, 0),
    draining: all.every(({ draining }) => draining),
    image: all[0]?.image ?? "",
    images: unionOf(all),
    labels: [...new Set(all.flatMap(({ labels }) => labels))],
    swarm: null,
    sessions: all.flatMap(({ sessions }) => sessions),
  };
}

/** What is known of the sessions of a node that is away. */
export function awaySessions(node: string, status: NodeStatus | undefined): SessionInfo[] {
  return (status?.sessions ?? []).map(({ id, user, image, started }) => ({
    ...{ id, user, image, node, phase: "away", container: "", attached: false, remote: null },
    ...{ idleSeconds: null, outputBytes: null, offset: null },
    started: started ?? new Date(0).toISOString(),
  }));
}

/** A machine that has not joined yet. */
export function describeInvited(name: string): NodeInfo {
  return { name, kind: "invited", state: "invited", ...figures(null), remote: null, since: null };
}

/** What all of them have done and have. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum = (of: (counts: Counts) => number) => all.reduce((sum, one) => sum + of(one), 0);
  const ended: Record<string, number> = {};
  for (const one of all) {
    for (const [reason, count] of Object.entries(one.ended)) {
      ended[reason] = (ended[reason] ?? 0) + count;
    }
  }
  return {
    sessions: sum(({ sessions }) => sessions),
    attached: sum(({ attached }) => attached),
    ready: sum(({ ready }) => ready),
    draining: all.length > 0 && all.every(({ draining }) => draining),
    started: sum(({ started }) => started),
    ended,
    events: merged(all.flatMap(({ events }) => events)),
  };
}

/** Counts of the same event and reason as one. */
function merged(events: Counts["events"]): Counts["events"] {
  const sums = new Map<string, Counts["events"][number]>();
  for (const { event, why, count } of events) {
    const key = `${event} ${why}`;
    sums.set(key, { event, why, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}
