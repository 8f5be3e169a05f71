/** The table of routes, and the answer to a request. */
import { AgentAwayError } from "../agent/agent.ts";
import { describeError } from "../log.ts";
import { away, failed, json, nothingHere, problem, Refusal, text } from "./answers.ts";
import type { Caller, Listener } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { logIn, logOut, showLogin, toLogin } from "./login.ts";
import { beginDrain, broadcast, cancelDrain, showDrain } from "./maintenance.ts";
import { showMetrics } from "./metrics.ts";
import {
  drainNode,
  inviteNode,
  joinNode,
  listImages,
  listNodes,
  removeNode,
  showNode,
  showNodeDrain,
  undrainNode,
} from "./nodes.ts";
import { terminalPage } from "./pages.ts";
import { type Call, dispatch, group, type Route } from "./router.ts";
import { endSession, listSessions, showSession } from "./sessions.ts";
import { listLocks, refreshUser } from "./users.ts";

const DAY_S = 86_400, YEAR_S = 365 * DAY_S;

const WEB: readonly Listener[] = ["web"], ADMIN: readonly Listener[] = ["admin"];
const BOTH: readonly Listener[] = ["web", "admin"];

export const ROUTES: readonly Route[] = [
  ...group({ listeners: WEB, who: "user", stranger: toLogin }, {
    "/": {
      GET: ({ principal, gateway }) => terminalPage({ ...gateway, user: principal.name }),
    },
  }),
  ...group({ listeners: WEB, who: "anyone" }, {
    "/login": { GET: showLogin, POST: logIn },
    "/logout": { POST: logOut },
    "/assets/:name": { GET: showAsset },
    "/terminal": {
      GET: ({ caller, gateway }) => {
        throw gateway.noticed.explainUpgrade(caller);
      },
    },
  }),
  ...group({ listeners: WEB, who: "anyone", fromPrograms: true }, {
    "/agent/join": { POST: joinNode },
  }),
  ...group({ listeners: BOTH, who: "anyone" }, {
    "/healthz": { GET: ({ gateway }) => gateway.health.showLive() },
    "/readyz": { GET: ({ gateway }) => gateway.health.showReady() },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "read the metrics" }, {
    "/metrics": { GET: showMetrics },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "rule over nodes" }, {
    "/api/v1/nodes": { GET: listNodes, POST: inviteNode },
    "/api/v1/nodes/:name": { GET: showNode, DELETE: removeNode },
    "/api/v1/nodes/:name/drain": { GET: showNodeDrain, POST: drainNode, DELETE: undrainNode },
  }),
  ...group({ listeners: BOTH, who: "user" }, {
    "/api/v1/images": { GET: listImages },
    "/api/v1/sessions": { GET: listSessions },
    "/api/v1/sessions/:id": { GET: showSession, DELETE: endSession },
  }),
  ...group({ listeners: ADMIN, who: "admin" }, {
    "/api/v1/drain": { GET: showDrain, POST: beginDrain, DELETE: cancelDrain },
    "/api/v1/broadcast": { POST: broadcast },
    "/api/v1/users/:name/refresh": { POST: refreshUser },
    "/api/v1/troubles": { GET: ({ gateway }) => json({ troubles: gateway.noticed.all }) },
    "/api/v1/locks": { GET: listLocks },
  }),
];

/** Answers a request; nothing that a client sends makes it throw. */
export async function answer(
  caller: Caller,
  request: Request,
  gateway: Gateway,
): Promise<Response> {
  let response: Response;
  try {
    gateway.noticed.look(caller);
    gateway.hosts.require(caller, gateway);
    response = await dispatch(ROUTES, { caller, request, gateway });
  } catch (error) {
    if (request.signal.aborted) return new Response(null); // nobody is there to read it
    const refusal = error instanceof Refusal ? error : failure(error, caller, gateway);
    response = caller.path?.startsWith("/api/") ? problem(refusal) : text(refusal);
  }
  const security = transportSecurity(caller);
  if (security) response.headers.set("strict-transport-security", security);
  return response;
}

function showAsset({ request, gateway, params: { name } }: Call<"name">): Response {
  const response = gateway.assets.respond(request, name);
  if (!response) throw nothingHere();
  return response;
}

/**
 * Has browsers speak TLS from now on (RFC 6797). They take it for every port of the host: where this
 * one is not the host's own for https, others may serve plain HTTP there, and it is for a day.
 */
function transportSecurity({ scheme, knowsScheme, host }: Caller): string | null {
  if (scheme !== "https" || !knowsScheme) return null;
  return `max-age=${/:\d+$/.test(host ?? "") ? DAY_S : YEAR_S}`;
}

function failure(error: unknown, { method, path, source }: Caller, { counted }: Gateway): Refusal {
  if (error instanceof AgentAwayError) return away();
  counted.of(source).error("a request failed", { method, path, error: describeError(error) });
  return failed();
}
