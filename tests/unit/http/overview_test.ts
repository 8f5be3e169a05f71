/** What administrators see and tell through the gateway. */
import { assert, assertEquals } from "@std/assert";
import type { Overview } from "../../../lib/protocol/overview.ts";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const root = await gateway.logIn("root", "rooted");

async function ask(cookie: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function overview(): Promise<Overview> {
  return (await ask(root, "/overview")).body;
}

async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("administrators alone see what sessions use, and what has happened", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  assertEquals((await ask(alice, "/overview")).status, 403);
  let atMs = 0;
  await until(async () => {
    atMs += 1_000;
    const sample = { atMs, cpuMs: atMs / 4, memory: 1, memoryLimit: 2, pids: 3 };
    machine.engine.used.set(`container-${terminal.session}`, sample);
    return terminal.session in (await overview()).usage;
  });
  await gateway.postLogin({ username: "alice", password: "wrong" });
  const { events } = await overview();
  assertEquals(events[0]!.event, "login-refused");
  assert(events.some(({ event }) => event === "login"));
  await finish(terminal);
});

Deno.test("a message to one session is shown there alone, by administrators", async () => {
  await using one = await TestTerminal.open(gateway, { cookie: alice });
  await using other = await TestTerminal.open(gateway, { cookie: alice });
  const path = `/sessions/${one.session}/message`;
  assertEquals((await ask(alice, path, { text: "Mine." })).status, 403);
  assertEquals((await ask(root, "/sessions/nobody/message", { text: "Who?" })).status, 404);
  const { status, body } = await ask(root, path, { text: "Your disk is full." });
  assertEquals([status, body], [200, { text: "Your disk is full.", terminals: 1 }]);
  assertEquals((await one.event("notice")).text, "Your disk is full.");
  assertEquals(other.events.some(({ type }) => type === "notice"), false);
  assert(/a message to one person was sent.*by=root/.test(gateway.log));
  await finish(one);
  await finish(other);
});
