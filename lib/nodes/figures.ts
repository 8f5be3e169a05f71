/** What is told of a node, and what several come to together; pure. */
import type { ImageInfo, NodeInfo, NodeStatus } from "../protocol/nodes.ts";
import type { Link } from "./link.ts";
import type { FleetParts } from "./fleet_parts.ts";
import { type SwarmStatus, withSwarm } from "./swarm.ts";
import type { DrainInfo, SessionInfo } from "../protocol/resources.ts";

/** One that is there has answered, or has a link. */
function describeNode(
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

/** All of them by name, the gateway's own machine first. */
export function describeNodes(
  { local, roster, links }: Pick<FleetParts, "local" | "roster" | "links">,
  there: readonly { readonly name: string; readonly status: SwarmStatus }[],
  nowMs: number,
): NodeInfo[] {
  const all = there.map(({ status }) => status);
  const statusOf = (name: string) => there.find((one) => one.name === name)?.status ?? null;
  const own = local === null
    ? []
    : [describeNode(local.name, "local", { status: statusOf(local.name), link: null })];
  const joined = roster.nodes.map(({ id, name }) => {
    const last = links.lastOf(id);
    const status = statusOf(name) ?? (last ? withSwarm(last, all) : null);
    return describeNode(name, "joined", { status, link: links.of(id) ?? null });
  });
  const invited = roster.invitations(nowMs).map(({ name }) => describeInvited(name));
  return [...own, ...[...joined, ...invited].toSorted((a, b) => a.name < b.name ? -1 : 1)];
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
function describeInvited(name: string): NodeInfo {
  return { name, kind: "invited", state: "invited", ...figures(null), remote: null, since: null };
}

/** The drains of all machines as one. */
export function drainOfAll(all: readonly DrainInfo[]): DrainInfo {
  const draining = all.find(({ draining }) => draining);
  return {
    draining: all.length > 0 && all.every(({ draining }) => draining),
    since: draining?.since ?? null,
    endsAt: draining?.endsAt ?? null,
    message: draining?.message ?? "",
    sessions: all.reduce((sum, { sessions }) => sum + sessions, 0),
  };
}
