/** What a caller may do at all: the one function that each door asks; pure. */
import type { Principal } from "../types.ts";

/**
 * What a token lets its holder do. `read`: see what there is; `shell`: open terminals, and what is in
 * them; `machines`: make, start, stop and delete machines; `admin`: what administrators may, where its
 * user is one.
 */
export const SCOPES = ["read", "shell", "machines", "admin"] as const;
export type Scope = typeof SCOPES[number];

/** Whether somebody may do what needs this; who did not come by a token may do all that is theirs. */
export function may({ admin, scopes }: Principal, scope: Scope): boolean {
  if (scope === "admin" && !admin) return false;
  return scopes === undefined || scopes.includes(scope);
}
