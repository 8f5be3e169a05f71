/** What is told of a node, and what several come to together; pure. */
import type { ImageInfo, NodeInfo, NodeStatus } from "../protocol/nodes.ts";
import type { Counts, SessionInfo } from "../protocol/resources.ts";

/** How a node is, for who asks; null where nothing is known. */
export function figures(status: NodeStatus | null) {
  return {
    draining: status?.draining ?? false,
    sessions: status?.sessions.length ?? null,
    ready: status?.ready ?? null,
    maxTotal: status?.maxTotal ?? null,
    image: status?.image ?? null,
    images: status?.images ?? [],
    labels: status?.labels ?? [],
  };
}

/** What all of them offer together, each name once. */
export function unionOf(all: readonly NodeStatus[]): ImageInfo[] {
  return [...new Map(all.flatMap(({ images }) => images).toReversed().map((one) => [one.name, one]))
    .values()].toReversed();
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
