/** Machines that dial a gateway and are never dialled: joining, sessions on them, links that break. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestAgent } from "../support/agent.ts";
import { DOCKER_SOCKET, ttygate, until } from "../support/gateway.ts";
import { NodePlace } from "../support/node_place.ts";
import { Relay } from "../support/relay.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";

Deno.test("a machine joins by a token that counts once, and its sessions are served", async () => {
  await using agent = await TestAgent.start();
  await using place = new NodePlace();
  const gateway = await place.begin();
  const cookie = await gateway.logIn();
  const refused = await TestTerminal.connect(gateway, { cookie }).catch((error) => error);
  assert(refused instanceof Refused);
  assertEquals(refused.status, 503);

  await place.join(agent, "west");
  await using terminal = await TestTerminal.open(gateway, { cookie });
  assertEquals(await terminal.run("echo $((6 * 7))"), "42");
  assertEquals((await agent.containers()).length, 1);
  const [{ node, user }] = JSON.parse(await place.cli("session", "list", "--json"));
  assertEquals([node, user], ["west", "alice"]);
  // A node says what changed a moment later; the list of sessions asked it just now.
  await until(async () => {
    const [west] = await place.nodes();
    return west!.name === "west" && west!.sessions === 1;
  });

  const again = await ttygate(["agent", "join", gateway.origin], {
    env: { TTYGATE_AGENT_STATE_DIR: join(agent.home, "state") },
    stdin: "no such token\n",
  });
  assertEquals(again.code, 1);
  assertMatch(again.stderr, /the gateway refused: The token is wrong, used or over an hour old/);
  terminal.type("exit 3\r");
  const { reason, exitCode } = await terminal.event("ended");
  assertEquals([reason, exitCode], ["exit", 3]);
});

Deno.test("sessions outlive a gateway that is killed, and a link that is cut, byte for byte", async () => {
  await using agent = await TestAgent.start();
  await using place = new NodePlace();
  let gateway = await place.begin();
  await using relay = new Relay(gateway.host);
  await place.join(agent, "west", { url: relay.origin });
  const cookie = await gateway.logIn();
  let terminal = await TestTerminal.open(gateway, { cookie });
  try {
    terminal.type("sh -c 'while :; do i=$((i + 1)); echo n$i; sleep 0.02; done'\r");
    await terminal.see(/^n3\r$/m);
    const { session } = terminal;
    let output = "";
    const back = async () => {
      await terminal.closed;
      output += terminal.output;
      const { offset } = terminal;
      await place.online("west");
      terminal = await TestTerminal.open(gateway, { cookie, query: { session, offset } });
      assertEquals((await terminal.event("ready")).offset, offset);
    };
    relay.cut();
    await back();
    await gateway.stop("SIGKILL");
    gateway = await place.begin();
    await back();
    await terminal.see(/^n\d+\r$/m);
    const numbers = [...(output + terminal.output).matchAll(/^n(\d+)\r$/gm)].map(([, n]) =>
      Number(n)
    );
    assertEquals(numbers, numbers.map((_, i) => i + 1));
  } finally {
    terminal.cut();
  }
});

Deno.test("a session whose node is away waits for it, and a removed node is cut off", async () => {
  await using agent = await TestAgent.start();
  await using place = new NodePlace();
  const gateway = await place.begin();
  await place.join(agent, "west");
  const cookie = await gateway.logIn();
  const terminal = await TestTerminal.open(gateway, { cookie });
  const { session } = terminal;
  await until(async () => (await place.nodes())[0]!.sessions === 1);
  await agent.stop("SIGKILL");
  await terminal.closed;
  const query = { session, offset: terminal.offset };
  const away = await TestTerminal.connect(gateway, { cookie, query }).catch((error) => error);
  assertEquals(away.status, 503);
  assertEquals((await place.nodes())[0]!.state, "away");
  const list = async (cookie: string) =>
    (await (await fetch(`${gateway.origin}/api/v1/sessions`, { headers: { cookie } })).json())
      .sessions;
  const [standing] = await list(cookie);
  assertEquals([standing.id, standing.user, standing.node], [session, "alice", "west"]);
  assertEquals([standing.phase, standing.idleSeconds, standing.offset], ["away", null, null]);
  assertMatch(await place.cli("session", "list"), new RegExp(`^${session} .* node away$`, "m"));
  const url = `${gateway.origin}/api/v1/sessions/${session}`;
  const headers = { cookie, origin: gateway.origin };
  const unended = await fetch(url, { method: "DELETE", headers });
  assertEquals(unended.status, 503);
  assertMatch((await unended.json()).detail, /cannot be reached/);
  await agent.begin();
  await place.online("west");
  await using back = await TestTerminal.open(gateway, { cookie, query });
  assertEquals(await back.run("echo back"), "back");

  assertEquals(await place.cli("node", "remove", "west"), "removed west\n");
  await back.closed;
  assertEquals(await place.nodes(), []);
});

Deno.test("of two nodes the less used is taken, and one that is drained is not", async () => {
  await using east = await TestAgent.start();
  await using west = await TestAgent.start();
  await using place = new NodePlace();
  const gateway = await place.begin();
  await place.join(east, "east");
  await place.join(west, "west");
  const cookie = await gateway.logIn();
  const open = async () => {
    const terminal = await TestTerminal.open(gateway, { cookie });
    await terminal.event("ready");
    return terminal;
  };
  const counts = async () => [(await east.containers()).length, (await west.containers()).length];
  await using one = await open();
  await until(async () =>
    (await place.nodes()).reduce((sum, { sessions }) => sum + sessions!, 0) === 1
  );
  await using two = await open();
  assertEquals(await counts(), [1, 1]);
  for (const terminal of [one, two]) {
    terminal.type("exit\r");
    await terminal.closed;
  }
  await until(async () => (await counts()).join() === "0,0");
  assertMatch(await place.cli("node", "drain", "east"), /^no session can begin on east/);
  await until(async () => /drained/.test(await place.cli("node", "list")));
  await using three = await open();
  await using four = await open();
  assertEquals(await counts(), [0, 2]);
  const there = await TestTerminal.connect(gateway, { cookie, query: { node: "east" } });
  assertEquals((await there.event("ended")).reason, "shutdown"); // as east itself says
  await place.cli("node", "undrain", "east");
  const nowhere = await TestTerminal.connect(gateway, { cookie, query: { node: "north" } })
    .catch((error) => error);
  assertEquals(nowhere.status, 404);
  for (const terminal of [three, four]) {
    terminal.type("exit\r");
    await terminal.closed;
  }
});

Deno.test("what a user may have counts on all machines together, and the page is told which one", async () => {
  await using west = await TestAgent.start();
  await using place = new NodePlace();
  const env = { TTYGATE_GATEWAY_AGENT: "own", TTYGATE_DOCKER_SOCKET: DOCKER_SOCKET };
  const gateway = await place.begin({ ...env, TTYGATE_AGENT_NAME: "hub" });
  await place.join(west, "west");
  const cookie = await gateway.logIn();
  const terminals: TestTerminal[] = [];
  const where: (string | undefined)[] = [];
  for (let opened = 1; opened <= 3; opened++) {
    const terminal = await TestTerminal.open(gateway, { cookie });
    where.push((await terminal.event("ready")).node);
    terminals.push(terminal);
    await until(async () =>
      (await place.nodes()).reduce((sum, { sessions }) => sum + sessions!, 0) === opened
    );
  }
  assertEquals(where.sort(), ["hub", "hub", "west"]);
  const fourth = await TestTerminal.connect(gateway, { cookie });
  const { reason, limit, message } = await fourth.event("ended");
  assertEquals([reason, limit], ["limit", "user"]);
  assertMatch(message, /You already have 3 terminals open/);
  for (const terminal of terminals) {
    terminal.type("exit\r");
    await terminal.closed;
  }
});
