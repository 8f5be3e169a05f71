/** Tokens through the gateway: what each lets its holder do through each door, and what it does not. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ROUTES } from "../../../lib/http/routes.ts";
import { TestGateway, ttygate, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const root = await gateway.logIn("root", "rooted");

async function ask(headers: HeadersInit, method: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

const byCookie = (cookie: string) => ({ cookie, origin: gateway.origin });
const byToken = (token: string) => ({ authorization: `Bearer ${token}` });
let count = 0;

async function make(cookie: string, ...scopes: string[]): Promise<{ id: string; token: string }> {
  const order = { name: `token ${++count}`, scopes };
  const { status, body } = await ask(byCookie(cookie), "POST", "/tokens", order);
  assertEquals(status, 201);
  return body;
}

Deno.test("a token is made, told once, listed without its secret, used and revoked", async () => {
  const order = { name: "laptop", scopes: ["read", "read"], days: 1 };
  const { body: made } = await ask(byCookie(alice), "POST", "/tokens", order);
  assertEquals([made.name, made.scopes, made.lastUsed], ["laptop", ["read"], null]);
  assertEquals(Date.parse(made.expires) - Date.parse(made.created), 86_400_000);
  assertEquals((await ask(byToken(made.token), "GET", "/sessions")).status, 200);
  const { body: { tokens: [listed] } } = await ask(byCookie(alice), "GET", "/tokens");
  assertEquals(listed.id, made.id);
  assertEquals("token" in listed, false);
  assert(listed.lastUsed >= listed.created);
  // Nobody else's.
  assertEquals((await ask(byCookie(root), "GET", "/tokens")).body, { tokens: [] });
  assertEquals((await ask(byCookie(root), "DELETE", `/tokens/${made.id}`)).status, 404);
  assertEquals((await ask(byCookie(alice), "DELETE", `/tokens/${made.id}`)).status, 204);
  const { status, body } = await ask(byToken(made.token), "GET", "/sessions");
  assertEquals(status, 401);
  assertMatch(body.detail, /^This token stands for nothing/);
  await gateway.logged(/a token was made .*user=alice/);
  await gateway.logged(/a token was revoked .*user=alice/);
  assert(!gateway.log.includes(made.token));
});

Deno.test("each door takes a token for what it is for, and no other", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const tokens = {
    none: "ttygate_" + "A".repeat(65),
    read: (await make(alice, "read")).token,
    shell: (await make(alice, "shell")).token,
    machines: (await make(alice, "machines")).token,
    admin: (await make(root, "admin")).token,
    "not an administrator's": (await make(alice, "admin")).token,
  };
  const id = terminal.session;
  const doors: [string, string, Record<string, number>][] = [
    ["GET", "/sessions", { read: 200 }],
    ["GET", `/sessions/${id}`, { read: 200 }],
    ["GET", "/images", { read: 200 }],
    ["GET", `/sessions/${id}/shares`, { shell: 200 }],
    ["GET", `/sessions/${id}/files`, { shell: 0 }],
    ["GET", "/nodes", { admin: 200 }],
    ["GET", "/locks", { admin: 200 }],
    ["GET", "/machines", { read: 200 }],
    ["GET", "/machines/none", { read: 404 }],
    ["POST", "/machines/none/start", { machines: 404 }],
    ["DELETE", "/machines/none", { machines: 404 }],
    ["POST", "/broadcast", { admin: 0 }],
    ["GET", "/tokens", {}],
    ["POST", "/tokens", {}],
    ["DELETE", "/tokens/x", {}],
  ];
  for (const [method, path, lets] of doors) {
    for (const [name, token] of Object.entries(tokens)) {
      const { status } = await ask(
        byToken(token),
        method,
        path,
        method === "POST" ? {} : undefined,
      );
      const what = `${method} ${path} with ${name}: ${status}`;
      if (name === "none") assertEquals(status, 401, what);
      else if (name in lets) {
        assert(lets[name] === 0 ? ![401, 403].includes(status) : status === lets[name], what);
      } else assertEquals(status, 403, what);
    }
  }
});

Deno.test("no page takes a token, and each route of the API but its description belongs to a scope", async () => {
  const { token } = await make(root, "read", "shell", "machines", "admin");
  for (const path of ["/", "/admin"]) {
    const response = await fetch(gateway.origin + path, {
      headers: byToken(token),
      redirect: "manual",
    });
    await response.body?.cancel();
    assertEquals([path, response.status], [path, 303]);
  }
  const open = ROUTES.filter(({ path, guards }) =>
    path.startsWith("/api/") && guards.who === "anyone"
  );
  assertEquals(open.map(({ path }) => path), [
    ...["/api/v1/register", "/api/v1/device", "/api/v1/device/token", "/api/v1/openapi.json"],
  ]);
});

Deno.test("a terminal opens by a token for shells, and ends with it", async () => {
  const read = await make(alice, "read");
  const refused = await assertRejects(
    () => TestTerminal.open(gateway, { bearer: read.token, origin: false }),
    Refused,
  );
  assertEquals(refused.status, 403);
  assertMatch(refused.body, /it needs the scope "shell"/);
  const { id, token } = await make(alice, "shell");
  await using terminal = await TestTerminal.open(gateway, { bearer: token, origin: false });
  assertEquals(await terminal.run("echo by a token"), "by a token");
  await ask(byCookie(alice), "DELETE", `/tokens/${id}`);
  assertEquals((await terminal.closed).code, 4401);
});

Deno.test("a token is worth nothing while its account is locked", async () => {
  const cookie = await gateway.logIn("bob", "builder");
  const { token } = await make(cookie, "read");
  assertEquals((await ask(byToken(token), "GET", "/sessions")).status, 200);
  assertEquals((await ttygate(["user", "lock", "bob"], { env: gateway.env })).code, 0);
  await until(async () => (await ask(byToken(token), "GET", "/sessions")).status === 401);
  assertEquals((await ttygate(["user", "unlock", "bob"], { env: gateway.env })).code, 0);
  await until(async () => (await ask(byToken(token), "GET", "/sessions")).status === 200);
});

Deno.test("an order for a token that cannot be is refused with what to mend", async () => {
  const bad: [unknown, RegExp][] = [
    [{ name: "", scopes: ["read"] }, /1 to 60 characters/],
    [{ name: "a\nb", scopes: ["read"] }, /on one line/],
    [{ name: "x".repeat(61), scopes: ["read"] }, /1 to 60/],
    [{ name: "x", scopes: [] }, /Say what the token may do/],
    [{ name: "x", scopes: ["everything"] }, /everything/],
    [{ name: "x", scopes: ["read"], days: 400 }, /a year at most/],
    [{ name: "x", scopes: ["read"], days: 0 }, /days/],
    [{ name: "x", scopes: ["read"], user: "root" }, /user/],
  ];
  for (const [order, mend] of bad) {
    const { status, body } = await ask(byCookie(alice), "POST", "/tokens", order);
    assertEquals(status, 400, JSON.stringify(order));
    assertMatch(body.detail, mend);
  }
  await make(alice, "read");
  const again = { name: `token ${count}`, scopes: ["read"] };
  assertEquals((await ask(byCookie(alice), "POST", "/tokens", again)).status, 409);
  // From another site, or from nowhere.
  const evil = { cookie: alice, origin: "https://evil.test" };
  for (const headers of [evil, { cookie: alice }] as HeadersInit[]) {
    assertEquals(
      (await ask(headers, "POST", "/tokens", { name: "x", scopes: ["read"] })).status,
      403,
    );
  }
});
