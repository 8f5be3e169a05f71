/** `/api/v1/machines` through the gateway, whose agent is played: what is answered to what is asked. */
import { assertEquals, assertMatch } from "@std/assert";
import { TestGateway } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { refusing } from "../agent/scripted_machines.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();

async function ask(method: string, path: string, body?: unknown, cookie = alice) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    method,
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === "" ? null : JSON.parse(text) };
}

Deno.test("a machine that is on its way is 202, one that is there 200, and one that failed says why", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  machine.machines.hold = promise;
  const made = await ask("PUT", "/machines/box", {});
  assertEquals([made.status, made.headers.get("location")], [201, "/api/v1/machines/box"]);
  const early = await ask("GET", "/machines/box?until=running");
  assertEquals([early.status, early.body.state, early.body.percent], [202, "creating", 40]);
  const waiting = ask("GET", "/machines/box?until=running&wait=30");
  resolve();
  const late = await waiting;
  assertEquals([late.status, late.body.state, late.body.stage], [200, "running", null]);
  assertEquals((await ask("POST", "/machines/box/start")).status, 200);
  await ask("POST", "/machines/box/stop");
  assertEquals((await ask("GET", "/machines/box?until=stopped&wait=30")).status, 200);
  machine.machines.failWith = refusing("Cannot start it: scripted");
  await ask("POST", "/machines/box/start");
  const failed = await ask("GET", "/machines/box?until=running&wait=30");
  const { state, lastError } = failed.body;
  assertEquals([failed.status, state, lastError], [202, "failed", "Cannot start it: scripted"]);
  machine.machines.failWith = null;
  await ask("DELETE", "/machines/box");
});

Deno.test("what is asked for in the wrong way is refused with what to mend", async () => {
  const cases: [string, string, unknown, number, RegExp][] = [
    ["PUT", "/machines/Box", {}, 400, /a letter a to z/],
    ["PUT", "/machines/box", { image: 3 }, 400, /./],
    ["PUT", "/machines/box", { colour: "red" }, 400, /colour/],
    ["PUT", "/machines/box", { image: "windows" }, 400, /windows/],
    ["PUT", "/machines/box", { node: "mars" }, 400, /no node mars/],
    ["GET", "/machines/none", undefined, 404, /You have no machine none/],
    ["GET", `/machines/${"x".repeat(300)}`, undefined, 404, /no machine/],
    ["GET", "/machines/none?until=happy", undefined, 400, /running/],
    ["GET", "/machines/none?until=running&wait=31", undefined, 400, /0 to 30/],
    ["PATCH", "/machines/none", { name: "-" }, 400, /a letter a to z/],
    ["POST", "/machines/none/restore", undefined, 404, /no machine/],
    ["GET", "/machines?limit=0", undefined, 400, /1 to 1000/],
    ["GET", "/machines?cursor=!", undefined, 400, /no cursor/],
  ];
  for (const [method, path, body, status, detail] of cases) {
    const answer = await ask(method, path, body);
    assertEquals(answer.status, status, `${method} ${path}`);
    assertMatch(answer.headers.get("content-type")!, /problem\+json/);
    assertMatch(answer.body.detail, detail);
    const type = { 400: "bad-request", 404: "machine" }[status];
    assertEquals(answer.body.type, `urn:ttygate:${type}`, path);
  }
  assertEquals((await ask("GET", "/machines")).body.machines.length, 1); // the one above, deleted
});

Deno.test("a list goes on at its cursor, and an administrator's has everybody's", async () => {
  const bob = await gateway.logIn("bob", "builder");
  const root = await gateway.logIn("root", "rooted");
  for (const name of ["c", "a", "b"]) await ask("PUT", `/machines/${name}`, {}, bob);
  const names: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = `?limit=2${cursor && `&cursor=${cursor}`}`;
    const { body } = await ask("GET", `/machines${query}`, undefined, root);
    names.push(...body.machines.map((one: { user: string; name: string }) => one.user + one.name));
    cursor = body.next;
  }
  assertEquals(names, ["alicebox", "boba", "bobb", "bobc"]);
  assertEquals((await ask("PUT", "/machines/d", {}, bob)).status, 409);
  for (const name of ["a", "b", "c"]) await ask("DELETE", `/machines/${name}`, undefined, bob);
});

Deno.test("a terminal without a WebSocket may be a shell in a machine", async () => {
  assertEquals((await ask("POST", "/sessions", { machine: "den" })).status, 404);
  await ask("PUT", "/machines/den", {});
  const { status, body } = await ask("POST", "/sessions", { machine: "den" });
  assertEquals(status, 201);
  await ask("DELETE", "/machines/den");
  const end = await ask("GET", `/sessions/${body.id}/output?offset=${body.offset + 2}&wait=25`);
  assertEquals([end.status, end.body.detail], [410, "The machine den was deleted."]);
});
