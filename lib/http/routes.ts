/** Path and method to handler. */
import { describeError } from "../log.ts";
import { failed, json, pathBelow, problem, Refusal, seeOther, text } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { identify } from "./identity.ts";
import { logIn, logOut, showLogin } from "./login.ts";
import { showMetrics } from "./metrics.ts";
import { beginDrain, broadcast, cancelDrain, showDrain } from "./maintenance.ts";
import { terminalPage } from "./pages.ts";
import { listLocks, refreshUser } from "./users.ts";
import { endSession, listSessions, showSession } from "./sessions.ts";

const DAY_S = 86_400, YEAR_S = 365 * DAY_S;

type Handler = (
  call: { caller: Caller; request: Request; gateway: Gateway; id: string },
) => Response | Promise<Response>;

interface Route {
  /** A path, or a pattern whose first group is handed over, decoded, as `id`. */
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
  /** Whether the admin socket has it too, or alone. */
  readonly admin?: true | "alone";
}

const ROUTES: readonly Route[] = [
  { path: /^\/$/, methods: { GET: showTerminal } },
  {
    path: /^\/login$/,
    methods: {
      GET: ({ caller, gateway }) => showLogin(caller, gateway),
      POST: ({ caller, request, gateway }) => logIn(caller, request, gateway),
    },
  },
  { path: /^\/logout$/, methods: { POST: ({ caller, gateway }) => logOut(caller, gateway) } },
  { path: /^\/assets\/([^/]+)$/, methods: { GET: showAsset } },
  {
    path: /^\/terminal$/,
    methods: {
      GET: ({ caller, gateway }) => {
        throw gateway.noticed.explainUpgrade(caller);
      },
    },
  },
  {
    path: /^\/healthz$/,
    methods: { GET: ({ gateway }) => gateway.health.showLive() },
    admin: true,
  },
  {
    path: /^\/readyz$/,
    methods: { GET: ({ gateway }) => gateway.health.showReady() },
    admin: true,
  },
  {
    path: /^\/metrics$/,
    methods: { GET: ({ caller, gateway }) => showMetrics(caller, gateway) },
    admin: true,
  },
  {
    path: /^\/api\/v1\/sessions$/,
    methods: { GET: ({ caller, gateway }) => listSessions(caller, gateway) },
    admin: true,
  },
  {
    path: /^\/api\/v1\/sessions\/([^/]+)$/,
    methods: {
      GET: ({ caller, id, gateway }) => showSession(caller, id, gateway),
      DELETE: ({ caller, id, gateway }) => endSession(caller, id, gateway),
    },
    admin: true,
  },
  {
    path: /^\/api\/v1\/drain$/,
    methods: {
      GET: ({ gateway }) => showDrain(gateway),
      POST: ({ request, gateway }) => beginDrain(request, gateway),
      DELETE: ({ gateway }) => cancelDrain(gateway),
    },
    admin: "alone",
  },
  {
    path: /^\/api\/v1\/broadcast$/,
    methods: { POST: ({ request, gateway }) => broadcast(request, gateway) },
    admin: "alone",
  },
  {
    path: /^\/api\/v1\/users\/([^/]+)\/refresh$/,
    methods: { POST: ({ id, gateway }) => refreshUser(id, gateway) },
    admin: "alone",
  },
  {
    path: /^\/api\/v1\/troubles$/,
    methods: { GET: ({ gateway }) => json({ troubles: gateway.noticed.all }) },
    admin: "alone",
  },
  {
    path: /^\/api\/v1\/locks$/,
    methods: { GET: ({ gateway }) => listLocks(gateway) },
    admin: "alone",
  },
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
    response = await dispatch(caller, request, gateway);
  } catch (error) {
    if (request.signal.aborted) return new Response(null); // nobody is there to read it
    const refusal = error instanceof Refusal ? error : failure(error, caller, gateway);
    response = caller.path?.startsWith("/api/") ? problem(refusal) : text(refusal);
  }
  const security = transportSecurity(caller);
  if (security) response.headers.set("strict-transport-security", security);
  return response;
}

function dispatch(
  caller: Caller,
  request: Request,
  gateway: Gateway,
): Response | Promise<Response> {
  for (const { path, methods, admin } of ROUTES) {
    if (caller.door === "admin" ? !admin : admin === "alone") continue;
    const match = caller.path === null ? null : path.exec(caller.path);
    if (!match) continue;
    const handler = methods[caller.method === "HEAD" ? "GET" : caller.method];
    if (handler) return handler({ caller, request, gateway, id: decoded(match[1] ?? "") });
    const allow = Object.keys(methods).join(", ").replace("GET", "GET, HEAD");
    throw new Refusal(405, `This address takes ${allow} only.`, { allow });
  }
  throw new Refusal(404, "There is nothing at this address.");
}

/** A part of a path as it is meant (RFC 3986, section 2.1). @throws {Refusal} 400 */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(
      400,
      "This address is not well-formed: it has a stray % or bytes that are not UTF-8.",
    );
  }
}

async function showTerminal({ caller, gateway }: Parameters<Handler>[0]): Promise<Response> {
  const { basePath, assets } = gateway;
  try {
    const { principal } = await identify(caller, gateway);
    return terminalPage({ basePath, assets, user: principal.name });
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 401)) throw error;
    const query = caller.query.toString();
    const here = pathBelow(basePath, query === "" ? "/" : `/?${query}`);
    const isFront = here === pathBelow(basePath, "/");
    const login = pathBelow(basePath, "/login");
    return seeOther(isFront ? login : `${login}?next=${encodeURIComponent(here)}`);
  }
}

function showAsset({ request, gateway, id }: Parameters<Handler>[0]): Response {
  const response = gateway.assets.respond(request, id);
  if (!response) throw new Refusal(404, "There is nothing at this address.");
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
  counted.of(source).error("a request failed", { method, path, error: describeError(error) });
  return failed();
}
