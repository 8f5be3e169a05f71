/** What a client with an account, or without one, does to a gateway on purpose. */
import { assert, assertEquals } from "@std/assert";
import { encodeInput } from "../../../lib/protocol/frame.ts";
import { TestGateway, until } from "../../support/gateway.ts";
import { rawConnection } from "../../support/raw_http.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const gateway = held.use(
  await TestGateway.start({
    agent: machine,
    users: { alice: "wonderland", bob: "builder" },
  }),
);
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");

/** Another user's terminal works as if nothing were. */
async function assertOthersWork() {
  await using terminal = await TestTerminal.open(gateway, { cookie: bob });
  assertEquals(await terminal.run("echo fine"), "fine");
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("thirty thousand keystrokes that no program reads hold up nobody else", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const query = { session: terminal.session, offset: terminal.offset };
  machine.shellOf(terminal.session).stream.takesBytes = 4096;
  for (let sent = 0; sent < 30_000; sent++) {
    terminal.send(encodeInput(Uint8Array.of(65)));
    if (sent % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await assertOthersWork();
  terminal.cut();
  await terminal.closed;
  await assertOthersWork();
  await using _again = await TestTerminal.open(gateway, { cookie: alice, query });
  const killed = await fetch(`${gateway.origin}/api/v1/sessions/${query.session}`, {
    method: "DELETE",
    headers: { cookie: alice, origin: gateway.origin },
  });
  assertEquals(killed.status, 204);
});

Deno.test("sixty parallel log-ins leave a terminal usable and are all answered", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: bob });
  const attempts = Array.from(
    { length: 60 },
    (_, i) => gateway.postLogin({ username: `user${i}`, password: "wrong" }),
  );
  assertEquals(await terminal.run("echo typing"), "typing");
  for (const attempt of attempts) {
    const response = await attempt;
    await response.body?.cancel();
    assert([401, 429, 503].includes(response.status), String(response.status));
  }
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("a refused upgrade holds nothing, though the client keeps its side open", async () => {
  const descriptors = async () =>
    (await Array.fromAsync(Deno.readDir(`/proc/${gateway.process.pid}/fd`))).length;
  const connections: Deno.TcpConn[] = [];
  const before = await descriptors();
  for (let i = 0; i < 20; i++) {
    const connection = await rawConnection(gateway.host);
    connections.push(connection);
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    const request = `GET /terminal HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`;
    await connection.write(new TextEncoder().encode(request));
  }
  try {
    await Promise.all(connections.map((connection) => connection.read(new Uint8Array(4096))));
    await until(async () => await descriptors() <= before + 2);
  } finally {
    for (const connection of connections) connection.close();
  }
});
