/** What is refused, as programs tell it apart: by a type that stays, not by its words. */
import { assert, assertEquals } from "@std/assert";
import { PROBLEM_NAMES, PROBLEMS } from "../../../lib/http/problems.ts";
import { TestGateway, ttygate } from "../../support/gateway.ts";
import { PlainTerminal } from "../../support/plain.ts";
import { Machine } from "../../support/scripted_agent.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine({ maxTotal: 2 }));
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const env = { TTYGATE_SESSION_MAX_PER_USER: "1" };
const gateway = held.use(await TestGateway.start({ agent: machine, users, env }));
Deno.test.afterAll(() => held.disposeAsync());
const { origin } = gateway;
const basic = (credential: string) => ({ authorization: `Basic ${btoa(credential)}` });
const [alice, bob, root] = [
  basic("alice:wonderland"),
  basic("bob:builder"),
  basic("root:rooted"),
];

/** The problem that a terminal is not opened for. */
async function refusedOf(headers: Record<string, string>) {
  const response = await fetch(`${origin}/api/v1/sessions`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: "{}",
  });
  const { type, status, limit } = await response.json();
  return [type, status, limit];
}

Deno.test("a terminal that is not opened is told by whose limit, and by why else", async () => {
  const first = await PlainTerminal.open(origin, alice);
  assertEquals(await refusedOf(alice), ["urn:ttygate:limit", 429, "user"]);
  const second = await PlainTerminal.open(origin, bob);
  assertEquals(await refusedOf(root), ["urn:ttygate:limit", 429, "server"]);
  for (const terminal of [first, second]) {
    assertEquals((await terminal.ask("DELETE", "")).status, 204);
  }
  const drained = await ttygate(["drain"], { env: gateway.env });
  assertEquals(drained.code, 0);
  assertEquals(await refusedOf(alice), ["urn:ttygate:leaving", 503, undefined]);
  assertEquals((await ttygate(["drain", "--cancel"], { env: gateway.env })).code, 0);
});

Deno.test("how a session ended is a problem of its own, and so is input that does not follow", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  const gap = await terminal.ask("POST", "/input?at=99", "x");
  assertEquals((await gap.json()).type, "urn:ttygate:input-number");
  await terminal.type("exit 3\r");
  let last: Response;
  while ((last = await terminal.read()).status < 300);
  const { type, reason, exitCode } = await last.json();
  assertEquals([type, reason, exitCode], ["urn:ttygate:ended", "exit", 3]);
});

Deno.test("a refusal is told by a type that stays, and by that of its status otherwise", async () => {
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${origin}/api/v1${path}`, init);
    return (await response.json()).type;
  };
  const post = (headers: HeadersInit, body: string) => ({ method: "POST", headers, body });
  const json = { ...alice, "content-type": "application/json" };
  const expected = {
    "log-in": await ask("/me"),
    "credentials": await ask("/me", { headers: basic("alice:wrong") }),
    "token": await ask("/me", { headers: { authorization: "Bearer ttygate_none" } }),
    "administrators": await ask("/nodes", { headers: alice }),
    "origin": await ask("/tokens", { method: "POST" }),
    "session": await ask("/sessions/none", { headers: alice }),
    "not-found": await ask("/nowhere"),
    "method": await ask("/me", { method: "DELETE", headers: alice }),
    "media-type": await ask("/sessions", post(alice, "{}")),
    "bad-request": await ask("/sessions", post(json, "{")),
    "too-large": await ask("/sessions", post(json, " ".repeat(20_000))),
  };
  for (const [name, type] of Object.entries(expected)) assertEquals(type, `urn:ttygate:${name}`);
  for (const name of PROBLEM_NAMES) assert(PROBLEMS[name][0] >= 400 && /^[a-z-]+$/.test(name));
});
