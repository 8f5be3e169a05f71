/** The OpenAPI document: that it is one, has what the API has, and says what handlers do. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { openApiOf, webRoutes } from "../../../lib/http/openapi/document.ts";
import type { Shape } from "../../../lib/http/openapi/operation.ts";
import { OPERATIONS } from "../../../lib/http/openapi/operations.ts";
import { problemType } from "../../../lib/http/problems.ts";
import { ROUTES } from "../../../lib/http/routes.ts";
import * as account from "../../../lib/protocol/account.ts";
import * as files from "../../../lib/protocol/files.ts";
import * as machines from "../../../lib/protocol/machines.ts";
import * as nodes from "../../../lib/protocol/nodes.ts";
import * as registration from "../../../lib/protocol/registration.ts";
import * as resources from "../../../lib/protocol/resources.ts";
import { TestGateway } from "../../support/gateway.ts";
import { PlainTerminal } from "../../support/plain.ts";
import { Machine } from "../../support/scripted_agent.ts";

/** The document is sent whole: more than that has something in it too often. */
const DOCUMENT_BYTES = 128 * 1024;

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const { origin } = gateway;
const root = { authorization: `Basic ${btoa("root:rooted")}` };
const routes = webRoutes(ROUTES);
const document = openApiOf(ROUTES, OPERATIONS);

Deno.test("each route of the API that the web has is described, and nothing else", () => {
  const described = Object.keys(OPERATIONS);
  const there = routes.map(({ key }) => key);
  assertEquals(
    {
      "say it in lib/http/openapi/": there.filter((key) => !described.includes(key)),
      "there is no such route": described.filter((key) => !there.includes(key)),
    },
    { "say it in lib/http/openapi/": [], "there is no such route": [] },
  );
  const told = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} /api/v1${path}`)
  );
  const expected = there.map((key) => key.replaceAll(/:(\w+)\*?/g, "{$1}"));
  assertEquals(told.toSorted(), expected.toSorted());
  const [first] = ROUTES.filter(({ path }) => path === "/api/v1/me");
  assertThrows(() => openApiOf([first!], {}), Error, "Cannot describe GET /api/v1/me");
});

Deno.test("the document is one of OpenAPI 3.1, and names each operation once", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assertEquals([valid, errors, validator.version], [true, undefined, "3.1"]);
  const ids = routes.map(({ key }) => OPERATIONS[key]!.id);
  assertEquals(ids, routes.map(({ handler }) => handler.name));
  assertEquals([...new Set(ids)], ids);
  assert(JSON.stringify(document).length < DOCUMENT_BYTES);
});

Deno.test("the shape of each request is the one that its handler checks it by", () => {
  const shapes: Record<string, unknown> = {
    ...account,
    ...files,
    ...machines,
    ...nodes,
    ...registration,
    ...resources,
  };
  const checked = routes.map(({ key, handler }) => {
    const name = /readJson\(\s*[\w.]+,\s*(\w+)/.exec(handler.toString())?.[1];
    return [key, name ? shapes[name] ?? name : undefined];
  });
  for (const [key, shape] of checked) {
    const described = OPERATIONS[key as string]!.body?.json?.[0];
    assert(described === shape, `${key} checks its request by another shape than is described`);
  }
});

Deno.test("a token's scope stands where the router asks for it", () => {
  const tokenOf = (path: string, method: string) =>
    (document.paths[path]![method] as { security: { token?: string[] }[] }).security[0]?.token;
  assertEquals(tokenOf("/sessions", "get"), ["read"]);
  assertEquals(tokenOf("/sessions", "post"), ["shell"]);
  assertEquals(tokenOf("/sessions/{id}/files", "get"), ["shell"]);
  assertEquals(tokenOf("/nodes", "get"), ["admin"]);
  assertEquals(tokenOf("/tokens", "get"), []);
  assertEquals(tokenOf("/openapi.json", "get"), undefined);
});

Deno.test("it is served without a log-in, and by its ETag not again", async () => {
  const url = `${origin}/api/v1/openapi.json`;
  const response = await fetch(url);
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(await response.json(), JSON.parse(JSON.stringify(document)));
  const etag = response.headers.get("etag")!;
  for (const tag of [etag, `"other", W/${etag}`, "*"]) {
    const again = await fetch(url, { headers: { "if-none-match": tag } });
    assertEquals([again.status, again.headers.get("etag")], [304, etag]);
    assertEquals(await again.text(), "");
  }
  const other = await fetch(url, { headers: { "if-none-match": '"other"' } });
  assertEquals([other.status, (await other.bytes()).length > 1000], [200, true]);
  const head = await fetch(url, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("etag"), await head.text()], [200, etag, ""]);
});

Deno.test("what is answered is what is described, and no more", async () => {
  const terminal = await PlainTerminal.open(origin, root);
  const json = { ...root, "content-type": "application/json" };
  const answers: string[] = [];
  for (const { key, method, path } of routes) {
    const { answers: { 200: described } } = OPERATIONS[key]!;
    const isAsked = method === "GET" && described?.json && !described.bytes &&
      !/:(share|name|path)|\/files$/.test(path);
    if (!isAsked) continue;
    const response = await fetch(origin + path.replace(":id", terminal.id), { headers: root });
    assertEquals(response.status, 200, key);
    assertFits(await response.json(), described.json![0]!, key);
    answers.push(key);
  }
  assert(answers.length > 8, answers.join());
  const order = { name: "program", scopes: ["read"] };
  const post = (path: string, body: unknown) =>
    fetch(origin + path, { method: "POST", headers: json, body: JSON.stringify(body) });
  const made = await post("/api/v1/tokens", order);
  assertFits(await made.json(), resources.NewTokenShape, "a token");
  const share = await post(`/api/v1/sessions/${terminal.id}/shares`, { kind: "watch", seconds: 9 });
  assertFits(await share.json(), resources.NewShareShape, "a share");
  const again = await post("/api/v1/tokens", order);
  const problem = await again.json();
  assertFits(problem, resources.ProblemShape, "a problem");
  assertEquals([problem.type, problem.status], [problemType("token-exists"), 409]);
  const second = await post("/api/v1/sessions", {});
  const opened = await second.json();
  assertFits(opened, resources.OpenedShape, "a terminal");
  for (const id of [terminal.id, opened.id]) {
    const url = `${origin}/api/v1/sessions/${id}`;
    assertEquals((await fetch(url, { method: "DELETE", headers: root })).status, 204);
  }
});

/** Asserts that it is of a shape, and has nothing that the shape has not. */
function assertFits(body: unknown, shape: Shape, what: string) {
  assertEquals(v.parse(shape, body), body, what);
}
