/** Who comes to a terminal that is not theirs: by a share, or as an administrator who watches. */
import { ShareError } from "../auth/shares.ts";
import type { GuestRole } from "../types.ts";
import { Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import type { Identity } from "./identity.ts";
import { requireScope } from "./router.ts";
import { refusedShare } from "./shares.ts";

/** How often it is looked whether an administrator still is one. */
const CHECK_MS = 5_000;

/** Somebody who may come. */
export interface Coming {
  readonly role: GuestRole;
  readonly session: string;
  /** Whose session it is. */
  readonly owner: string;
  /** Aborted, with a sentence, when the share ends; null for an administrator. */
  readonly ended: AbortSignal | null;
}

/**
 * As what a request for a terminal comes that names a share, or says `watch=1`; null for others.
 *
 * @throws {Refusal} 400, 403 or 404
 */
export async function comingOf(
  { query }: Caller,
  { principal }: Identity,
  { agent, shares }: Gateway,
): Promise<Coming | null> {
  const id = query.get("share");
  if (id !== null) {
    try {
      const { kind, session, owner, ended } = shares.admit(id, principal.name);
      return { role: kind, session, owner, ended };
    } catch (error) {
      if (error instanceof ShareError) throw refusedShare(error);
      throw error;
    }
  }
  if (query.get("watch") !== "1") return null;
  if (!principal.admin) {
    throw new Refusal(
      "administrators",
      "Only administrators may watch a terminal without being asked.",
    );
  }
  requireScope(principal, "admin");
  const session = (await agent.list()).find(({ id }) => id === query.get("session"));
  if (!session) throw new Refusal("session", "There is no such session. It may have ended.");
  return { role: "admin", session: session.id, owner: session.user, ended: null };
}

/** A guest's stay, which ends at the latest when it is disposed of. */
export interface Stay extends Disposable {
  /** Aborted, with a sentence, when they may be there no more. */
  readonly ended: AbortSignal;
}

/** Begins a guest's stay; an administrator's is written down. */
export function stayOf(
  { session, owner, ended }: Coming,
  { user, remote }: { readonly user: string; readonly remote: string },
  { stack, clock, log }: Gateway,
): Stay {
  if (ended !== null) return { ended, [Symbol.dispose]: () => {} };
  const over = new AbortController();
  const beganMs = clock.now();
  const fields = { session, user: owner, by: user, remote };
  log.notice("an administrator watches a session", { event: "session-watch", ...fields });
  const check = () => {
    const isAdmin = stack.principalOf(user)?.admin === true;
    if (isAdmin) timer = clock.timer(CHECK_MS, check);
    else over.abort("You are no administrator any more.");
  };
  let timer = clock.timer(CHECK_MS, check);
  return {
    ended: over.signal,
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]();
      const seconds = Math.round((clock.now() - beganMs) / 1000);
      const event = "session-watch-end";
      log.notice("an administrator watches a session no more", { event, ...fields, seconds });
    },
  };
}
