/** `/api/v1/users` and `/api/v1/locks`: what `ttygate user` and the administrator's page ask. */
import { settlesWithin } from "../clock.ts";
import { RegistrationError } from "../auth/registration_error.ts";
import type { LockList, Refresh, UserList } from "../protocol/resources.ts";
import { json, Refusal } from "./answers.ts";
import { pageOf } from "./paging.ts";
import { refusalFor } from "./register.ts";
import type { Call, KnownCall } from "./router.ts";

/** How long the answer waits for the containers to be gone. */
const GONE_MS = 20_000;

/** `GET /api/v1/users`: who has an account, by name. */
export function listUsers({ caller: { query }, gateway: { stack } }: KnownCall): Response {
  const all = [...stack.accounts().byName.values()];
  const { items, ...next } = pageOf(query, all, ({ name }) => name);
  const users = items.map(({ name, locked }) => ({
    ...{ user: name, locked },
    admin: stack.isAdmin(name),
  }));
  const list: UserList = { users, ...next };
  return json(list);
}

/** `POST /api/v1/users/{name}/lock`: nobody logs in by the name, and what goes on by it ends. */
export function lockUser(call: KnownCall<"name">): Promise<Response> {
  if (call.caller.listener === "web" && call.params.name === call.principal.name) {
    throw new Refusal("conflict", "You cannot lock yourself: another administrator can.");
  }
  return setLock(call, true);
}

/** `POST /api/v1/users/{name}/unlock`: takes that back, and forgets failed log-ins. */
export function unlockUser(call: KnownCall<"name">): Promise<Response> {
  return setLock(call, false);
}

async function setLock(call: KnownCall<"name">, isLocked: boolean): Promise<Response> {
  const { caller: { remote }, principal: { name: by }, params: { name }, gateway } = call;
  const { registrar, log } = gateway;
  try {
    const isThere = await registrar.lock(name, isLocked);
    if (!isThere) throw new Refusal(404, "There is no user of that name.");
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    log.error("nobody can be locked or unlocked", { why: (error.cause as Error).message });
    throw refusalFor(error);
  }
  const what = isLocked ? "locked" : "unlocked";
  log.notice("an administrator changed an account", {
    event: "user",
    user: name,
    what,
    by,
    remote,
  });
  return await refreshUser(call);
}

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
