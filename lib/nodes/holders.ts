/** Which node has which session: the one that said so first, whatever another one says later; pure. */
import type { NodeStatus } from "../protocol/nodes.ts";
import type { SessionInfo } from "../protocol/resources.ts";

/** What a node says of itself, without the sessions that others have said before that they have. */
export function withoutOthers(status: NodeStatus, others: readonly NodeStatus[]): NodeStatus {
  const said = new Set(status.sessions.map(({ id }) => id));
  const taken = new Set(
    others.flatMap(({ sessions }) => sessions).map(({ id }) => id).filter((id) => said.has(id)),
  );
  if (taken.size === 0) return status;
  return { ...status, sessions: status.sessions.filter(({ id }) => !taken.has(id)) };
}

/**
 * The sessions of all machines, each once, the oldest first.
 *
 * @param sessions those of the gateway's own machine first, which is believed before any node
 * @param holders the nodes' names by the sessions that they have said to have
 */
export function eachOnce(
  sessions: readonly SessionInfo[],
  holders: ReadonlyMap<string, string>,
  own: string | null,
): SessionInfo[] {
  const found = new Map<string, SessionInfo>();
  for (const session of sessions) {
    const { id, node } = session;
    const isOthers = node !== undefined && node !== own && (holders.get(id) ?? node) !== node;
    if (!isOthers && !found.has(id)) found.set(id, session);
  }
  return [...found.values()].toSorted((a, b) => a.started < b.started ? -1 : 1);
}
