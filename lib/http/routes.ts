/** The table of routes, and the answer to a request. */
import { AgentAwayError } from "../agent/agent.ts";
import { describeError } from "../log.ts";
import { sendEvents, sendMachineEvents } from "./events/routes.ts";
import { showAdmin } from "./admin_page.ts";
import { away, failed, json, nothingHere, problem, Refusal, text } from "./answers.ts";
import type { Caller, Listener } from "./caller.ts";
import { showDevice, startDevice, submitDevice, takeDevice } from "./devices.ts";
import { moveFile, removeFile, sendFile, showPlace, takeFile } from "./files.ts";
import type { Gateway } from "./gateway.ts";
import { addKey, listKeys, removeKey } from "./keys.ts";
import { sendLog } from "./log_stream.ts";
import { endLogin, listLogins } from "./logins.ts";
import {
  moveMachineFile,
  removeMachineFile,
  sendMachineFile,
  showMachinePlace,
  takeMachineFile,
} from "./machine_files.ts";
import { logIn, logOut, showLogin, toLogin } from "./login.ts";
import {
  changeMachine,
  listMachines,
  putMachine,
  removeMachine,
  restoreMachine,
  runInMachine,
  showMachine,
  startMachine,
  stopMachine,
  stopUsersMachine,
} from "./machines.ts";
import { showMachines } from "./machines_page.ts";
import { beginDrain, broadcast, cancelDrain, showDrain, tellSession } from "./maintenance.ts";
import { createInvite, listInvites, removeInvite } from "./invites.ts";
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
import { changePassword } from "./own_password.ts";
import { openPort } from "./ports.ts";
import { showOverview } from "./overview.ts";
import { webManifest } from "./pages.ts";
import { openApi } from "./openapi/served.ts";
import { register, showRegister, submitRegister } from "./register.ts";
import { approveRegistration, listRegistrations, refuseRegistration } from "./registrations.ts";
import { type Call, dispatch, group, type Route } from "./router.ts";
import { endSession, listSessions, showSession } from "./sessions.ts";
import { showShared } from "./shared_page.ts";
import { claimShare, createShare, endShare, listShares, showShare } from "./shares.ts";
import { showTerminal } from "./start_page.ts";
import { openPlain, resizePlain, sendOutput, takeInput } from "./plain/routes.ts";
import { createToken, listTokens, revokeToken, showMe } from "./tokens.ts";
import { listLocks, listUsers, lockUser, refreshUser, unlockUser } from "./users.ts";

const DAY_S = 86_400, YEAR_S = 365 * DAY_S;

const WEB: readonly Listener[] = ["web"], ADMIN: readonly Listener[] = ["admin"];
const BOTH: readonly Listener[] = ["web", "admin"];

const showOpenApi = openApi(() => ROUTES);

export const ROUTES: readonly Route[] = [
  ...group({ listeners: WEB, who: "user", stranger: toLogin }, {
    "/": { GET: showTerminal },
    "/shared": { GET: showShared },
    "/machines": { GET: showMachines },
    "/device": { GET: showDevice, POST: submitDevice },
  }),
  ...group({ listeners: WEB, who: "admin", what: "see this page", stranger: toLogin }, {
    "/admin": { GET: showAdmin },
  }),
  ...group({ listeners: WEB, who: "anyone" }, {
    "/login": { GET: showLogin, POST: logIn },
    "/logout": { POST: logOut },
    "/register": { GET: showRegister, POST: submitRegister },
    "/assets/:name": { GET: showAsset },
    "/app.webmanifest": { GET: ({ gateway }) => webManifest(gateway) },
    "/terminal": {
      GET: ({ caller, gateway }) => {
        throw gateway.noticed.explainUpgrade(caller);
      },
    },
  }),
  ...group({ listeners: WEB, who: "anyone", fromPrograms: true }, {
    "/agent/join": { POST: joinNode },
    // No page of another site can send JSON here, which a browser asks for first.
    "/api/v1/register": { POST: register },
    "/api/v1/device": { POST: startDevice },
    "/api/v1/device/token": { POST: takeDevice },
  }),
  ...group({ listeners: BOTH, who: "anyone" }, {
    "/healthz": { GET: ({ gateway }) => gateway.health.showLive() },
    "/readyz": { GET: ({ gateway }) => gateway.health.showReady() },
    "/api/v1/openapi.json": { GET: showOpenApi },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "read the metrics" }, {
    "/metrics": { GET: showMetrics },
    "/api/v1/overview": { GET: showOverview },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "rule over nodes" }, {
    "/api/v1/nodes": { GET: listNodes, POST: inviteNode },
    "/api/v1/nodes/:name": { GET: showNode, DELETE: removeNode },
    "/api/v1/nodes/:name/drain": { GET: showNodeDrain, POST: drainNode, DELETE: undrainNode },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "read the log" }, {
    "/api/v1/admin/log": { GET: sendLog },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "tell everybody something" }, {
    "/api/v1/broadcast": { POST: broadcast },
    "/api/v1/sessions/:id/message": { POST: tellSession },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "see and lock users" }, {
    "/api/v1/users": { GET: listUsers },
    "/api/v1/users/:name/lock": { POST: lockUser },
    "/api/v1/users/:name/unlock": { POST: unlockUser },
    "/api/v1/users/:name/refresh": { POST: refreshUser },
    "/api/v1/users/:name/machines/:machine/stop": { POST: stopUsersMachine },
    "/api/v1/locks": { GET: listLocks },
  }),
  ...group({ listeners: BOTH, who: "admin", what: "say who may register" }, {
    "/api/v1/invites": { GET: listInvites, POST: createInvite },
    "/api/v1/invites/:id": { DELETE: removeInvite },
    "/api/v1/registrations": { GET: listRegistrations },
    "/api/v1/registrations/:name": { DELETE: refuseRegistration },
    "/api/v1/registrations/:name/approve": { POST: approveRegistration },
  }),
  ...group({ listeners: BOTH, who: "user" }, {
    "/api/v1/images": { GET: listImages },
    "/api/v1/sessions": { GET: listSessions, POST: openPlain },
    "/api/v1/sessions/:id": { GET: showSession, DELETE: endSession },
    "/api/v1/events": { GET: sendEvents },
  }),
  ...group({ listeners: BOTH, who: "user", scope: "shell" }, {
    "/api/v1/sessions/:id/files": { GET: showPlace },
    "/api/v1/sessions/:id/files/:path*": {
      GET: sendFile,
      PUT: takeFile,
      PATCH: moveFile,
      DELETE: removeFile,
    },
    "/api/v1/sessions/:id/shares": { GET: listShares, POST: createShare },
    "/api/v1/sessions/:id/shares/:share": { DELETE: endShare },
  }),
  ...group({ listeners: BOTH, who: "user", changes: "machines" }, {
    "/api/v1/machines": { GET: listMachines },
  }),
  ...group({ listeners: WEB, who: "user", changes: "machines" }, {
    "/api/v1/machines/:name": {
      GET: showMachine,
      PUT: putMachine,
      PATCH: changeMachine,
      DELETE: removeMachine,
    },
    "/api/v1/machines/:name/events": { GET: sendMachineEvents },
    "/api/v1/machines/:name/start": { POST: startMachine },
    "/api/v1/machines/:name/stop": { POST: stopMachine },
    "/api/v1/machines/:name/restore": { POST: restoreMachine },
  }),
  ...group({ listeners: WEB, who: "user", scope: "shell" }, {
    "/api/v1/machines/:name/run": { GET: runInMachine },
    "/api/v1/machines/:name/ports/:port": { GET: openPort },
    "/api/v1/machines/:name/files": { GET: showMachinePlace },
    "/api/v1/machines/:name/files/:path*": {
      GET: sendMachineFile,
      PUT: takeMachineFile,
      PATCH: moveMachineFile,
      DELETE: removeMachineFile,
    },
    "/api/v1/sessions/:id/output": { GET: sendOutput },
    "/api/v1/sessions/:id/input": { POST: takeInput },
    "/api/v1/sessions/:id/size": { PUT: resizePlain },
  }),
  ...group({ listeners: WEB, who: "user" }, {
    "/api/v1/shares/claim": { POST: claimShare },
    "/api/v1/shares/:share": { GET: showShare },
  }),
  ...group({ listeners: WEB, who: "user", scope: "any" }, {
    "/api/v1/me": { GET: showMe },
    "/api/v1/me/password": { PUT: changePassword },
    "/api/v1/logins": { GET: listLogins },
    "/api/v1/logins/:id": { DELETE: endLogin },
    "/api/v1/tokens": { GET: listTokens, POST: createToken },
    "/api/v1/tokens/:id": { DELETE: revokeToken },
    "/api/v1/keys": { GET: listKeys, POST: addKey },
    "/api/v1/keys/:id": { DELETE: removeKey },
  }),
  ...group({ listeners: ADMIN, who: "admin" }, {
    "/api/v1/drain": { GET: showDrain, POST: beginDrain, DELETE: cancelDrain },
    "/api/v1/troubles": { GET: ({ gateway }) => json({ troubles: gateway.noticed.all }) },
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
