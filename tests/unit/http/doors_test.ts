/** Each door and who may go through it: two people cannot see, guess or touch what is the other's. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ROUTES } from "../../../lib/http/routes.ts";
import { TestGateway } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { SSH_ENV, SshHome, sshPort } from "../../support/ssh_client.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

/** What a token must be for; "any": of whatever scope; "person": none is enough. */
type Scope = "read" | "shell" | "machines" | "admin" | "any" | "person";

/**
 * Each route and its methods: who may, and by what token. `own` has a name that is somebody's, and
 * answers others as what does not exist; `all` is the same but administrators have everybody's.
 */
const DOORS: Readonly<
  Record<
    string,
    | readonly ["anyone" | "admin page" | "page"]
    | readonly [
      "user" | "own" | "all" | "admin",
      Readonly<Record<string, Scope>>,
    ]
  >
> = {
  "/": ["page"],
  "/shared": ["page"],
  "/device": ["page"],
  "/machines": ["page"],
  "/admin": ["admin page"],
  "/login": ["anyone"],
  "/logout": ["anyone"],
  "/register": ["anyone"],
  "/assets/:name": ["anyone"],
  "/app.webmanifest": ["anyone"],
  "/terminal": ["anyone"], // a WebSocket only, which asks: below
  "/agent/join": ["anyone"],
  "/api/v1/register": ["anyone"],
  "/api/v1/device": ["anyone"],
  "/api/v1/device/token": ["anyone"], // who has the secret
  "/api/v1/openapi.json": ["anyone"],
  "/healthz": ["anyone"],
  "/readyz": ["anyone"],
  "/metrics": ["admin", { GET: "admin" }],
  "/api/v1/overview": ["admin", { GET: "admin" }],
  "/api/v1/nodes": ["admin", { GET: "admin", POST: "admin" }],
  "/api/v1/nodes/:name": ["admin", { GET: "admin", DELETE: "admin" }],
  "/api/v1/nodes/:name/drain": ["admin", { GET: "admin", POST: "admin", DELETE: "admin" }],
  "/api/v1/admin/log": ["admin", { GET: "admin" }],
  "/api/v1/broadcast": ["admin", { POST: "admin" }],
  "/api/v1/sessions/:id/message": ["admin", { POST: "admin" }],
  "/api/v1/users": ["admin", { GET: "admin" }],
  "/api/v1/users/:name/lock": ["admin", { POST: "admin" }],
  "/api/v1/users/:name/unlock": ["admin", { POST: "admin" }],
  "/api/v1/users/:name/refresh": ["admin", { POST: "admin" }],
  "/api/v1/users/:name/machines/:machine/stop": ["admin", { POST: "admin" }],
  "/api/v1/locks": ["admin", { GET: "admin" }],
  "/api/v1/invites": ["admin", { GET: "admin", POST: "admin" }],
  "/api/v1/invites/:id": ["admin", { DELETE: "admin" }],
  "/api/v1/registrations": ["admin", { GET: "admin" }],
  "/api/v1/registrations/:name": ["admin", { DELETE: "admin" }],
  "/api/v1/registrations/:name/approve": ["admin", { POST: "admin" }],
  "/api/v1/images": ["user", { GET: "read" }],
  "/api/v1/sessions": ["user", { GET: "read", POST: "shell" }],
  "/api/v1/sessions/:id": ["all", { GET: "read", DELETE: "shell" }],
  "/api/v1/sessions/:id/files": ["all", { GET: "shell" }],
  "/api/v1/sessions/:id/files/:path*": [
    "all",
    { GET: "shell", PUT: "shell", PATCH: "shell", DELETE: "shell" },
  ],
  "/api/v1/sessions/:id/shares": ["all", { GET: "shell", POST: "shell" }],
  "/api/v1/sessions/:id/shares/:share": ["all", { DELETE: "shell" }],
  "/api/v1/events": ["user", { GET: "read" }],
  "/api/v1/machines": ["user", { GET: "read" }],
  "/api/v1/machines/:name/events": ["own", { GET: "read" }],
  "/api/v1/machines/:name/files": ["own", { GET: "shell" }],
  "/api/v1/machines/:name/files/:path*": [
    "own",
    { GET: "shell", PUT: "shell", PATCH: "shell", DELETE: "shell" },
  ],
  "/api/v1/machines/:name": [
    "own",
    { GET: "read", PUT: "machines", PATCH: "machines", DELETE: "machines" },
  ],
  "/api/v1/machines/:name/start": ["own", { POST: "machines" }],
  "/api/v1/machines/:name/stop": ["own", { POST: "machines" }],
  "/api/v1/machines/:name/run": ["user", { GET: "shell" }], // a WebSocket only: all else is 400
  "/api/v1/machines/:name/ports/:port": ["user", { GET: "shell" }], // the same
  "/api/v1/machines/:name/restore": ["own", { POST: "machines" }],
  "/api/v1/sessions/:id/output": ["own", { GET: "shell" }],
  "/api/v1/sessions/:id/input": ["own", { POST: "shell" }],
  "/api/v1/sessions/:id/size": ["own", { PUT: "shell" }],
  "/api/v1/shares/claim": ["user", { POST: "shell" }],
  "/api/v1/shares/:share": ["own", { GET: "read" }],
  "/api/v1/me": ["user", { GET: "any" }],
  "/api/v1/me/password": ["user", { PUT: "person" }],
  "/api/v1/logins": ["user", { GET: "person" }],
  "/api/v1/logins/:id": ["own", { DELETE: "person" }],
  "/api/v1/tokens": ["user", { GET: "person", POST: "person" }],
  "/api/v1/tokens/:id": ["own", { DELETE: "person" }],
  "/api/v1/keys": ["user", { GET: "person", POST: "person" }],
  "/api/v1/keys/:id": ["own", { DELETE: "person" }],
  // On the admin socket alone.
  "/api/v1/drain": ["anyone"],
  "/api/v1/troubles": ["anyone"],
};

/** What is sent: what each route would take from the one whose it is. */
const BODIES: Readonly<Record<string, unknown>> = {
  "POST /api/v1/sessions/:id/message": { text: "hello" },
  "PATCH /api/v1/sessions/:id/files/:path*": { to: "/tmp/other" },
  "POST /api/v1/sessions/:id/shares": { kind: "type", seconds: 60 },
  "PUT /api/v1/sessions/:id/size": { cols: 80, rows: 24 },
  "PATCH /api/v1/machines/:name/files/:path*": { to: "/tmp/other" },
  "PATCH /api/v1/machines/:name": { name: "crate" },
};
const QUERIES: Readonly<Record<string, string>> = {
  "GET /api/v1/sessions/:id/output": "?offset=0&wait=0",
  "POST /api/v1/sessions/:id/input": "?at=0",
};
const SCOPES = ["read", "shell", "machines", "admin"];
const EXPIRED = { id: "0123456789abcdef012345", secret: "x".repeat(43) };

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
held.defer(() => Deno.remove(home, { recursive: true }));
await writeExpired();
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users, home, env: SSH_ENV }));
Deno.test.afterAll(() => held.disposeAsync());
const { origin } = gateway;
type Headers = Record<string, string>;
let made = 0;
const cookieOf = async (name: string, password: string): Promise<Headers> => ({
  cookie: await gateway.logIn(name, password),
  origin,
});
const alice = await cookieOf("alice", "wonderland");
const bob = await cookieOf("bob", "builder");
const root = await cookieOf("root", "rooted");
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const expired = bearer(`ttygate_${EXPIRED.id}${EXPIRED.secret}`);
const revoked = await (async () => {
  const { id, token } = (await tokenOf(alice, SCOPES)).body;
  assertEquals((await ask(alice, "DELETE", `/api/v1/tokens/${id}`)).status, 204);
  return bearer(token);
})();

/** A token of the time before, in the state that the gateway finds. */
async function writeExpired(): Promise<void> {
  const bytes = new TextEncoder().encode(EXPIRED.secret);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const times = { createdMs: 1, expiresMs: 2, usedMs: null };
  const token = { id: EXPIRED.id, user: "alice", name: "old", scopes: SCOPES, digest, ...times };
  await Deno.mkdir(join(home, "state"));
  const text = JSON.stringify({ format: 1, tokens: [token] });
  await Deno.writeTextFile(join(home, "state", "tokens.json"), text);
}

async function ask(headers: Headers, method: string, path: string, body?: unknown) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(origin + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    redirect: "manual",
    ...sent,
  });
  const type = response.headers.get("content-type") ?? "";
  const isEndless = type.startsWith("text/event-stream");
  const text = isEndless ? "" : await response.text();
  if (isEndless) await response.body?.cancel();
  const isJson = /json/.test(type);
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

function tokenOf(by: Headers, scopes: readonly string[]) {
  return ask(by, "POST", "/api/v1/tokens", { name: `token ${++made}`, scopes });
}

/** Each route that asks who it is, and its methods. */
const ASKING = ROUTES.filter(({ guards }) => guards.listeners.includes("web")).flatMap((route) => {
  const [who, scopes = {}] = DOORS[route.path] ?? ["anyone"];
  return who === "anyone" ? [] : Object.keys(route.methods).map((method) => ({
    ...{ route: route.path, method, who, scope: scopes[method] },
    body: BODIES[`${method} ${route.path}`] ?? (method === "GET" ? undefined : {}),
  }));
});

Deno.test("each route is in the table of doors with its methods, and each has a scope", () => {
  const methods = (of: Readonly<Record<string, unknown>>) => Object.keys(of).toSorted();
  const there = ROUTES.map(({ path }) => path).toSorted();
  assertEquals(Object.keys(DOORS).toSorted(), there, "say in DOORS who may");
  for (const { path, methods: served } of ROUTES) {
    const [, scopes] = DOORS[path] ?? [];
    if (scopes) assertEquals(methods(scopes), methods(served), path);
  }
});

Deno.test("who does not say who they are, or comes by what has ended, comes through no door", async () => {
  const nobody: Headers = { origin };
  for (const { route, method, who, body } of ASKING) {
    const what = `${method} ${route}`;
    const isPage = who === "page" || who === "admin page";
    for (const headers of isPage ? [nobody] : [nobody, expired, revoked]) {
      const { status, body: answer } = await ask(headers, method, route.replaceAll(":", ""), body);
      assertEquals(status, isPage ? 303 : 401, what);
      const type = headers === nobody ? "log-in" : "token";
      if (route.startsWith("/api/")) assertEquals(answer.type, `urn:ttygate:${type}`, what);
    }
  }
});

Deno.test("a token goes through the doors of its scope, and what is for people takes none", async () => {
  const tokens = new Map<string, Headers>();
  for (const scope of SCOPES) {
    tokens.set(scope, bearer((await tokenOf(root, [scope])).body.token));
  }
  for (const { route, method, scope, body } of ASKING) {
    if (scope === undefined) continue;
    for (const [own, headers] of tokens) {
      const isLet = scope === "any" || scope === own;
      if (isLet && route.startsWith("/api/") && method !== "GET") continue; // nothing is done
      const path = route.replaceAll(/:\w+\*?/g, "nothing");
      const { status } = await ask(headers, method, path, body);
      assertEquals(status === 403, !isLet, `${method} ${route} with ${own}: ${status}`);
    }
  }
});

Deno.test("what only administrators may is refused to others", async () => {
  const token = bearer((await tokenOf(bob, SCOPES)).body.token);
  for (const { route, method, who, body } of ASKING) {
    if (who !== "admin" && who !== "admin page") continue;
    for (const headers of who === "admin" ? [bob, token] : [bob]) {
      const { status } = await ask(headers, method, route.replaceAll(":", ""), body);
      assertEquals(status, 403, `${method} ${route}`);
    }
  }
});

Deno.test("what is somebody's answers another as what does not exist, at each door", async () => {
  await using ssh = new SshHome();
  const terminal = await TestTerminal.open(gateway, { cookie: alice.cookie! });
  await terminal.see(/# $/);
  const id = terminal.session;
  assertEquals((await ask(alice, "PUT", "/api/v1/machines/box", {})).status, 201);
  await ask(alice, "GET", "/api/v1/machines/box?until=running&wait=30");
  const share = (await ask(alice, "POST", `/api/v1/sessions/${id}/shares`, {
    ...{ kind: "watch", seconds: 600 },
  })).body.id;
  const key = await Deno.readTextFile(`${await ssh.makeKey("id", "-t", "ed25519")}.pub`);
  const own = {
    "/sessions/:id": id,
    "/machines/:name": "box",
    "/tokens/:id": (await tokenOf(alice, ["read"])).body.id,
    "/logins/:id": (await ask(alice, "GET", "/api/v1/logins")).body.logins[0].id,
    "/keys/:id": (await ask(alice, "POST", "/api/v1/keys", { key })).body.id,
    "/shares/:share": share,
    "/files/:path*": "etc/hostname",
  };
  assert(Object.values(own).every((name) => typeof name === "string"), JSON.stringify(own));
  /** Of the same form as the real one, so that nothing but its being there is another. */
  const guess = (name: string) => name.replaceAll(/[a-z0-9]/g, (c) => c === "0" ? "1" : "0");
  const fill = (route: string, as: (name: string) => string) =>
    Object.entries(own).reduce((path, [part, name]) => {
      const before = part.slice(0, part.indexOf(":"));
      return path.replace(part, before + as(name));
    }, route);
  const missing = { ...own, "/machines/:name": "xob" };

  const foreign = ASKING.filter(({ who }) => who === "own" || who === "all");
  const token = bearer((await tokenOf(bob, SCOPES)).body.token);
  const rooted = bearer((await tokenOf(root, SCOPES)).body.token);
  for (const { route, method, who, scope, body } of foreign) {
    const there = fill(route, (name) => name);
    const nowhere = fill(
      route,
      (name) => name === "box" ? missing["/machines/:name"] : guess(name),
    );
    const query = QUERIES[`${method} ${route}`] ?? "";
    const takesToken = scope !== "person";
    const others = [bob, ...takesToken ? [token] : []];
    if (who === "own") others.push(root, ...takesToken ? [rooted] : []);
    // A machine of that name is one's own to make.
    if (method === "PUT" && route === "/api/v1/machines/:name") continue;
    for (const headers of others) {
      const what = `${method} ${route} as ${headers === root ? "root" : "another"}`;
      const [real, none] = [
        await ask(headers, method, there + query, body),
        await ask(headers, method, nowhere + query, body),
      ];
      const named = (path: string, answer: unknown) =>
        path.split("/").filter((part) => part.length > 2 && !route.includes(part))
          .reduce((text, part) => text.replaceAll(part, "NAME"), JSON.stringify(answer));
      assertEquals(real.status, 404, what);
      assertEquals(named(there, real), named(nowhere, none), what);
    }
  }

  // The WebSocket, by the session, by its machine and by a share of it.
  for (const by of [{ cookie: bob.cookie! }, { bearer: token["authorization"]!.slice(7) }]) {
    const refusal = async (query: Record<string, string>) => {
      try {
        await using other = await TestTerminal.connect(gateway, { ...by, query });
        return { code: (await other.closed).code, session: "" };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const [name = ""] = Object.values(query);
        return { code: error.status, session: error.body.replaceAll(name, "NAME") };
      }
    };
    for (const [name, value] of [["session", id], ["machine", "box"], ["share", share]] as const) {
      const nowhere = name === "machine" ? "xob" : guess(value);
      const [real, none] = [await refusal({ [name]: value }), await refusal({ [name]: nowhere })];
      assertEquals(real, none, `the WebSocket with ${name}`);
      assert([404, 4404, 403].includes(real.code), `the WebSocket with ${name}: ${real.code}`);
    }
  }
  for (const by of [{}, { bearer: expired["authorization"]!.slice(7) }]) {
    const query = { session: id };
    const options = { ...by, query };
    const refused = await assertRejects(() => TestTerminal.connect(gateway, options), Refused);
    assertEquals(refused.status, 401);
  }

  // SSH: another's machine, and another's key.
  const port = await sshPort(gateway);
  const say = async (name: string) => {
    await using client = ssh.open(port, `bob+${name}`, ["-tt"], { password: "builder" });
    await client.status();
    const lines = client.errors.split("\n").filter((line) => !line.startsWith("Warning:"));
    return client.output + lines.join("\n").replaceAll(name, "NAME");
  };
  assertEquals(await say("box"), await say("xob"));
  {
    await using client = ssh.open(port, "bob", ["-tt"], { key: join(ssh.dir, "id") });
    assertEquals(await client.status(), 255);
  }

  // Nothing of hers is in anybody's list, and all of it is there still.
  for (
    const [list, name] of [["sessions", id], ["machines", "box"], ["tokens", ""], ["keys", ""]]
  ) {
    const { status, body } = await ask(bob, "GET", `/api/v1/${list}`);
    assertEquals(status, 200);
    const listed = JSON.stringify(body[list!]);
    assert(name === "" || !listed.includes(name!), `${list}: ${listed}`);
    if (list !== "tokens") assertEquals(body[list!], [], list);
  }
  for (const path of [`sessions/${id}`, "machines/box", `shares/${share}`]) {
    const { status } = await ask(alice, "GET", `/api/v1/${path}`);
    assertEquals(status, path.startsWith("shares") ? 404 : 200, path); // who shares does not come by it
  }
  const { body: { tokens } } = await ask(alice, "GET", "/api/v1/tokens");
  assertEquals(tokens.map(({ id }: { id: string }) => id).includes(own["/tokens/:id"]), true);
  assertEquals((await ask(alice, "GET", "/api/v1/keys")).body.keys.length, 1);
  assertEquals((await ask(alice, "GET", `/api/v1/sessions/${id}/shares`)).body.shares.length, 1);
  // An administrator has everybody's sessions, and ends this one.
  assertEquals((await ask(root, "GET", `/api/v1/sessions/${id}`)).body.own, false);
  assertEquals((await ask(root, "DELETE", `/api/v1/sessions/${id}`)).status, 204);
  await terminal.closed;
  assertEquals((await ask(alice, "DELETE", "/api/v1/machines/box")).status, 204);
});
