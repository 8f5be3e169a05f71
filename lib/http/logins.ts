/** `/api/v1/logins`: where one is logged in by a browser. */
import type { LoginList } from "../protocol/account.ts";
import type { Principal } from "../types.ts";
import { json, Refusal } from "./answers.ts";
import { loginOf } from "./identity.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/logins`: one's own, the oldest first. */
export function listLogins({ caller, principal, gateway }: KnownCall): Response {
  requirePerson(principal);
  const current = loginOf(caller, gateway)?.id;
  const time = (ms: number) => new Date(ms).toISOString();
  const logins = gateway.logins.of(principal.name).map((login) => ({
    id: login.id,
    created: login.madeMs === null ? null : time(login.madeMs),
    from: login.remote,
    browser: login.browser,
    expires: time(login.expiresAtMs),
    current: login.id === current,
  }));
  const list: LoginList = { logins };
  return json(list);
}

/** `DELETE /api/v1/logins/{id}`: ends one, and cuts what goes on by it. */
export function endLogin(
  { caller, principal, params: { id }, gateway }: KnownCall<"id">,
): Response {
  requirePerson(principal);
  const user = principal.name;
  if (!gateway.logins.end(user, id)) {
    throw new Refusal(404, "You have no such log-in. It may have ended.");
  }
  const fields = { event: "logout", user, remote: caller.remote } as const;
  gateway.log.notice("a log-in was ended by its user", fields);
  return new Response(null, { status: 204 });
}

/** A token is for what programs do; who found one must not see where its user is, or shut them out. */
function requirePerson({ scopes }: Principal): void {
  if (scopes !== undefined) throw new Refusal(403, "A token cannot see or end log-ins.");
}
