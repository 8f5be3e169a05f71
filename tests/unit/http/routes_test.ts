/** How paths are taken apart and who is let through, with scripted parts instead of a gateway. */
import { assertEquals, assertMatch } from "@std/assert";
import { blockListOf, callerOf, type Listener } from "../../../lib/http/caller.ts";
import type { Gateway } from "../../../lib/http/gateway.ts";
import { group } from "../../../lib/http/router.ts";
import { answer, ROUTES } from "../../../lib/http/routes.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** What needs no login: each is here because somebody thought about it. */
const FOR_ANYONE = [
  "/agent/join",
  "/api/v1/device",
  "/api/v1/device/token",
  "/api/v1/openapi.json",
  "/api/v1/register",
  "/app.webmanifest",
  "/assets/:name",
  "/healthz",
  "/login",
  "/logout",
  "/readyz",
  "/register",
  "/terminal",
];
/** Pages for people, and where they lead who must log in first. */
const PAGES: Readonly<Record<string, string>> = {
  "/": "/login",
  "/machines": "/login?next=%2Fmachines",
  "/admin": "/login?next=%2Fadmin",
  "/device": "/login?next=%2Fdevice",
  "/shared": "/login?next=%2Fshared",
};
/** What the web has not: it stops everybody. */
const ADMIN_ALONE = [
  "/api/v1/drain",
  "/api/v1/troubles",
];
const OWN = "http://localhost", FOREIGN = "https://evil.example";
const ALICE = `Basic ${btoa("alice:wonderland")}`;
/** Whose every cookie and password are good. */
const ALICES = {
  logins: { verify: (name: string) => ({ name, ended: null }) },
  stack: {
    authenticate: () => Promise.resolve({ ok: true, principal: { name: "alice", admin: false } }),
    principalOf: (name: string) => ({ name, admin: false }),
  },
};

/** Asks a gateway that has guards and nothing behind them: who gets through is answered with 500. */
async function ask(
  [method, path, listener]: readonly [method: string, path: string, listener: Listener],
  headers: Record<string, string> = {},
  parts: Partial<Record<keyof Gateway, unknown>> = {},
): Promise<Response> {
  const quiet = { info() {}, notice() {}, error() {} };
  const gateway = {
    hosts: { require() {} },
    noticed: { look() {}, explainOrigin: () => null },
    counted: { of: () => quiet },
    basePath: "/",
    allowedOrigins: [],
    logins: { verify: () => null },
    stack: {
      authenticate: ({ name }: { name: string }) =>
        Promise.resolve({ ok: true, principal: { name, admin: false } }),
    },
    ...parts,
  } as unknown as Gateway;
  const request = new Request(`${OWN}${path}`, { method, headers });
  const caller = callerOf(
    { method, headers: request.headers, host: "localhost", url: path },
    { address: "192.0.2.1", encrypted: false },
    { listener, basePath: "/", trustedProxies: blockListOf([]) },
  );
  return await answer(caller, request, gateway);
}

/** Each route and method, its path with something in place of the names. */
const ALL = ROUTES.flatMap(({ path, guards, methods }) =>
  Object.keys(methods).map((method) => ({
    route: path,
    guards,
    method,
    path: path.replace(/:/, ""),
  }))
);

Deno.test("each route that changes something refuses a page of another site", async () => {
  const changing = ALL.filter(({ method, guards }) => method !== "GET" && !guards.fromPrograms);
  // A token shows who joins, and no browser has one; who registers sends JSON, and brings no log-in.
  const programs = ROUTES.filter(({ guards }) => guards.fromPrograms).map(({ path }) => path);
  assertEquals(programs, [
    ...["/agent/join", "/api/v1/register"],
    ...["/api/v1/device", "/api/v1/device/token"],
  ]);
  assertEquals(changing.length > 0, true);
  for (const { guards, method, path } of changing) {
    const headers = { origin: FOREIGN, authorization: ALICE };
    const { status } = await ask([method, path, "web"], headers);
    assertEquals(status, guards.listeners.includes("web") ? 403 : 404, `${method} ${path}`);
  }
});

Deno.test("each route asks who it is, but for those that are for anyone", async () => {
  const open = ROUTES.filter(({ guards }) => guards.who === "anyone").map(({ path }) => path);
  assertEquals(open.toSorted(), FOR_ANYONE);
  for (const { route, guards, method, path } of ALL) {
    if (open.includes(route) || !guards.listeners.includes("web")) continue;
    const { status, headers } = await ask([method, path, "web"], { origin: OWN });
    const page = PAGES[path];
    const expected = page === undefined ? [401, null] : [303, page];
    assertEquals([status, headers.get("location")], expected, `${method} ${path}`);
  }
});

Deno.test("what is for administrators refuses others", async () => {
  for (const { guards, method, path } of ALL) {
    if (guards.who !== "admin" || !guards.listeners.includes("web")) continue;
    // Pages take a cookie alone.
    const headers = { origin: OWN, authorization: ALICE, cookie: "ttygate=alice" };
    const response = await ask([method, path, "web"], headers, ALICES);
    assertEquals(response.status, 403, `${method} ${path}`);
    assertMatch(await response.text(), /Only administrators may [a-z ]+\./);
  }
});

Deno.test("a route is there at the listeners of its group, and at no other", async () => {
  const alone = ROUTES.filter(({ guards }) => !guards.listeners.includes("web"));
  assertEquals(alone.map(({ path }) => path).toSorted(), ADMIN_ALONE);
  for (const { guards, method, path } of ALL) {
    for (const listener of ["web", "admin"] as const) {
      if (guards.listeners.includes(listener)) continue;
      assertEquals(
        (await ask([method, path, listener])).status,
        404,
        `${listener}: ${method} ${path}`,
      );
    }
  }
});

Deno.test("a handler is given the names of its path, and no other", () => {
  group({ listeners: ["web"], who: "user" }, {
    "/a/:one/b/:two": {
      GET: ({ params, principal }) => new Response(params.one + params.two + principal.name),
      // @ts-expect-error -- there is no such name
      POST: ({ params }) => new Response(params.three),
    },
  });
  group({ listeners: ["web"], who: "anyone" }, {
    // @ts-expect-error -- nobody has been asked who they are
    "/": { GET: ({ principal }) => new Response(principal.name) },
  });
});

/** Asks the admin socket to refresh a user. @returns the status, and whose failures were forgiven */
async function refresh(segment: string): Promise<[number, string[]]> {
  const forgiven: string[] = [];
  const { status } = await ask(["POST", `/api/v1/users/${segment}/refresh`, "admin"], {}, {
    agent: { list: () => Promise.resolve([]) },
    accounts: { apply: () => Promise.resolve(), endingOf: () => null },
    guard: { forgive: (name: string) => forgiven.push(name) > 0 },
    log: { notice() {} },
    clock: new ManualClock(),
  });
  return [status, forgiven];
}

Deno.test("a name in a path is decoded, and one that cannot be is 400", async () => {
  for (const name of ["alice", "alice@example.org", "a%40b", "ä b", "a/b"]) {
    assertEquals(await refresh(encodeURIComponent(name)), [200, [name]]);
  }
  assertEquals(await refresh("alice@example.org"), [200, ["alice@example.org"]]);
  for (const segment of ["%", "%zz", "%ff"]) assertEquals(await refresh(segment), [400, []]);
});
