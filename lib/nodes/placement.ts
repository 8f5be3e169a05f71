/** Chooses the node of a new session; pure. */
import { mayHave } from "../sessions/choice.ts";
import type { NodeStatus } from "../protocol/nodes.ts";

/** What a node can do, as far as the choice goes by it. */
export interface Candidate {
  readonly name: string;
  /** `reserved` is the share of the machine that others have. */
  readonly status: NodeStatus & { readonly reserved?: number };
}

/** What a session needs of its node. */
export interface Wish {
  /** The name of what it runs in; null for what the node gives by itself. */
  readonly image: string | null;
  /** The groups of who wants it. */
  readonly groups: readonly string[];
  readonly labels: readonly string[];
}

/** Whether a node has what a session needs, if not now the room for it. */
export function suits({ status: { images, labels } }: Candidate, wish: Wish): boolean {
  const isOffered = wish.image === null ||
    images.some((image) => image.name === wish.image && mayHave(image, wish.groups));
  return isOffered && wish.labels.every((label) => labels.includes(label));
}

/**
 * Of those that suit and have room the one that has a shell ready, and of those alike the least
 * used; of those as used as each other the first. Null when there is none.
 */
export function choose<C extends Candidate>(candidates: readonly C[], wish: Wish): C | null {
  // Shells are kept ready of what a node gives by itself.
  const isReady = ({ status: { ready, images } }: C) =>
    ready > 0 && (wish.image === null || wish.image === images[0]?.name);
  const [best = null] = candidates
    .filter((one) =>
      suits(one, wish) && !one.status.draining && one.status.sessions.length < one.status.maxTotal
    )
    .toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)) || use(a.status) - use(b.status));
  return best;
}

function use({ sessions, maxTotal, reserved = 0 }: Candidate["status"]): number {
  return Math.max(sessions.length / maxTotal, reserved);
}
