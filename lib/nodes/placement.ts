/** Chooses the node of a new session; pure. */
import type { NodeStatus } from "../protocol/nodes.ts";

/** What a node can do, as far as the choice goes by it. */
export interface Candidate {
  readonly name: string;
  readonly status: NodeStatus;
}

/**
 * The one with room that has a shell ready, and of those alike the least used; of those as used as
 * each other the first. Null when none has room.
 *
 * @param wanted the name of the node that is asked for; null for any
 */
export function choose<C extends Candidate>(
  candidates: readonly C[],
  wanted: string | null,
): C | null {
  const [best = null] = candidates
    .filter(({ name, status }) =>
      (wanted === null || name === wanted) && !status.draining &&
      status.sessions.length < status.maxTotal
    )
    .toSorted((a, b) =>
      Number(b.status.ready > 0) - Number(a.status.ready > 0) || use(a.status) - use(b.status)
    );
  return best;
}

function use({ sessions, maxTotal }: NodeStatus): number {
  return sessions.length / maxTotal;
}
