/** `/api/v1/sessions`: the live sessions as JSON, a user's own or, for an admin, all. */
import type { OwnedSession, SessionInfo, SessionList } from "../protocol/resources.ts";
import { ending } from "../sessions/endings.ts";
import type { Principal } from "../types.ts";
import { json, Refusal } from "./answers.ts";
import type { Gateway } from "./gateway.ts";
import { pageOf } from "./paging.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/sessions`. */
export async function listSessions(
  { caller: { query }, principal, gateway }: KnownCall,
): Promise<Response> {
  const visible = (await gateway.agent.list()).filter((session) => maySee(principal, session));
  const { items, ...next } = pageOf(query, visible, ({ started, id }) => `${started} ${id}`);
  const sessions = items.map((session) => describe(session, principal));
  const list: SessionList = { sessions, ...next };
  return json(list);
}

/** A person's own sessions. */
export async function ownSessions(principal: Principal, gateway: Gateway): Promise<SessionList> {
  const own = (await gateway.agent.list()).filter(({ user }) => user === principal.name);
  return { sessions: own.map((session) => describe(session, principal)) };
}

/** `GET /api/v1/sessions/{id}`. */
export async function showSession(
  { principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  return json(describe(await findFor(principal, id, gateway), principal));
}

/** `DELETE /api/v1/sessions/{id}`: ends it; 204 once its container is gone. */
export async function endSession(
  { caller, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  const { user } = await findFor(principal, id, gateway);
  const own = caller.listener === "web" && principal.name === user;
  const words = own ? "You ended this session." : "An administrator ended it.";
  const outcome = await gateway.agent.end(id, ending("killed", words));
  switch (outcome) {
    case "ended":
      break;
    case "unknown":
      throw unknown(id);
    case "leaving":
      throw new Refusal("leaving", "The gateway is being restarted. Try again.");
  }
  const by = principal.name;
  const fields = { event: "session-kill", session: id, user, by, remote: caller.remote } as const;
  gateway.log.notice("session ended on request", fields);
  return new Response(null, { status: 204 });
}

function maySee(principal: Principal, session: SessionInfo): boolean {
  return principal.admin || session.user === principal.name;
}

/** A session that they may know of. @throws {Refusal} 404 */
export async function findFor(
  principal: Principal,
  id: string,
  gateway: Gateway,
): Promise<SessionInfo> {
  const session = (await gateway.agent.list()).find((session) => session.id === id);
  if (!session || !maySee(principal, session)) throw unknown(id);
  return session;
}

function unknown(id: string): Refusal {
  return new Refusal("session", `There is no session ${id}. It may have ended.`);
}

/** What is on a screen is for its user alone. */
function describe(session: SessionInfo, { name }: Principal): OwnedSession {
  const { id, user, title, lastLine, ...rest } = session;
  return user === name
    ? { id, user, own: true, ...rest, title, lastLine }
    : { id, user, own: false, ...rest };
}
