/** `/api/v1/sessions`: the live sessions as JSON, a user's own or, for an admin, all. */
import { ending } from "../sessions/endings.ts";
import type { Session } from "../sessions/session.ts";
import type { Principal } from "../types.ts";
import { json, Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { identify, requireOwnOrigin } from "./identity.ts";

/** How long a list waits for a gateway that has just been started. */
const ADOPTION_MS = 5_000;

/** `GET /api/v1/sessions`. */
export async function listSessions(caller: Caller, gateway: Gateway): Promise<Response> {
  const { principal } = await identify(caller, gateway);
  // Just after a start it is not known yet which sessions go on.
  await gateway.registry.settled(ADOPTION_MS);
  const visible = gateway.registry.list().filter((session) => maySee(principal, session));
  return json({ sessions: visible.map((session) => describe(session, principal)) });
}

/** `GET /api/v1/sessions/{id}`. */
export async function showSession(
  caller: Caller,
  id: string,
  gateway: Gateway,
): Promise<Response> {
  const { principal } = await identify(caller, gateway);
  return json(describe(findFor(principal, id, gateway), principal));
}

/** `DELETE /api/v1/sessions/{id}`: ends it; 204 once its container is gone. */
export async function endSession(caller: Caller, id: string, gateway: Gateway): Promise<Response> {
  requireOwnOrigin(caller, gateway);
  const { principal } = await identify(caller, gateway);
  const session = findFor(principal, id, gateway);
  if (session.phase === "left") {
    throw new Refusal(503, "The gateway is being restarted. Try again.");
  }
  const own = caller.door === "web" && principal.name === session.user;
  session.end(ending("killed", own ? "You ended this session." : "An administrator ended it."));
  gateway.log.notice("session ended on request", {
    event: "session-kill",
    session: id,
    user: session.user,
    by: principal.name,
    remote: caller.remote,
  });
  await session.gone;
  return new Response(null, { status: 204 });
}

function maySee(principal: Principal, session: Session): boolean {
  return principal.admin || session.user === principal.name;
}

function findFor(principal: Principal, id: string, gateway: Gateway): Session {
  const session = gateway.registry.find(id);
  if (!session || !maySee(principal, session)) {
    throw new Refusal(404, `There is no session ${id}. It may have ended.`);
  }
  return session;
}

function describe(session: Session, { name }: Principal) {
  return {
    id: session.id,
    user: session.user,
    own: session.user === name,
    image: session.profile.image,
    container: session.container,
    started: session.startedAt.toISOString(),
    phase: session.phase,
    attached: session.attached,
    remote: session.remote,
    idleSeconds: Math.floor(session.idleMs / 1000),
    outputBytes: session.traffic.outputBytes,
    offset: session.output.end,
  };
}
