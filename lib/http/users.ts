/** `/api/v1/users` and `/api/v1/locks`: what `ttygate user` and the administrator's page ask. */
import { settlesWithin } from "../clock.ts";
import type { LockList, Refresh } from "../protocol/resources.ts";
import { json } from "./answers.ts";
import type { Call, KnownCall } from "./router.ts";

/** How long the answer waits for the containers to be gone. */
const GONE_MS = 20_000;

/**
 * `POST /api/v1/users/{name}/refresh`: the user's entry has just been changed. What it no longer
 * allows ends now, and failed log-ins of the name are forgotten.
 */
export async function refreshUser(
  { caller, principal, params: { name }, gateway }: KnownCall<"name">,
): Promise<Response> {
  const { agent, accounts, guard, clock, log } = gateway;
  // Also those that the gateway, which looks at the file itself, has begun to end.
  const before = (await agent.list()).filter(({ user }) => user === name).length;
  const forgiven = guard.forgive(name);
  if (forgiven) {
    const by = principal.name;
    log.notice("failed log-ins were forgotten", { user: name, by, remote: caller.remote });
  }
  await settlesWithin(accounts.apply(), GONE_MS, clock);
  const isOver = accounts.endingOf(name) !== null;
  const refresh: Refresh = {
    forgiven,
    sessionsEnded: isOver ? before : 0,
    sessions: isOver ? 0 : before,
  };
  return json(refresh);
}

/** `GET /api/v1/locks`: the names that failed log-ins have locked, from where and until when. */
export function listLocks({ gateway }: Call): Response {
  const locks = gateway.guard.locks().map(({ name, source, failures, untilMs }) => ({
    user: name,
    from: source,
    failures,
    until: new Date(untilMs).toISOString(),
  }));
  const list: LockList = { locks };
  return json(list);
}
