/** Where a gateway listens: addresses, Unix sockets, and what it does with those it finds there. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway, ttygate } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const machine = new Machine();
Deno.test.afterAll(() => machine[Symbol.asyncDispose]());

async function statusAt(origin: string, client?: Deno.HttpClient): Promise<number> {
  const response = await fetch(`${origin}/healthz`, { ...(client && { client }) });
  await response.body?.cancel();
  return response.status;
}

async function statusOn(path: string): Promise<number> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return await statusAt("http://127.0.0.1", client);
}

/** A gateway that is refused: what `serve` says and how it exits. */
async function refusedServe(gateway: TestGateway, listen: string) {
  const env = {
    ...gateway.env,
    TTYGATE_DOCKER_INSTANCE: `${gateway.instance}-second`,
    TTYGATE_GATEWAY_LISTEN: listen,
  };
  return await ttygate(["serve"], { env });
}

Deno.test("a gateway listens on every address it is given", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const socket = join(home, "web", "ttygate.sock");
    await using gateway = await TestGateway.start({
      agent: machine,
      home,
      env: { TTYGATE_GATEWAY_LISTEN: `127.0.0.1:0,[::1]:0,${socket}` },
    });
    const origins = [...gateway.log.matchAll(/listening on (http:\S+) listener=web/g)].map((
      [, o],
    ) => o!);
    assertEquals(origins.length, 2);
    assertMatch(origins[1]!, /^http:\/\/\[::1\]:\d+$/);
    for (const origin of origins) assertEquals(await statusAt(origin), 200);
    assertEquals(await statusOn(socket), 200);
    assertEquals((await Deno.lstat(socket)).mode! & 0o777, 0o660);
    // A terminal works over IPv6; its Origin is compared in brackets.
    const ipv6 = { origin: origins[1]! };
    await using terminal = await TestTerminal.open(ipv6, { basic: "alice:wonderland" });
    assertEquals(await terminal.run("echo over ipv6"), "over ipv6");
    terminal.type("exit\r");
    await terminal.closed;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("its Unix sockets go with the gateway, and leave nothing beside them", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const socket = join(home, "web", "ttygate.sock");
    {
      await using gateway = await TestGateway.start({
        agent: machine,
        home,
        env: { TTYGATE_GATEWAY_LISTEN: socket },
      });
      assertEquals([...Deno.readDirSync(join(home, "web"))].map(({ name }) => name), [
        "ttygate.sock",
      ]);
      assert(gateway.log.includes(`listening on ${socket}`));
    }
    assertEquals([...Deno.readDirSync(join(home, "web"))], []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a socket that a dead gateway left is replaced, one of a living is not", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const socket = join(home, "ttygate.sock");
    const options = { agent: machine, home, env: { TTYGATE_GATEWAY_LISTEN: socket } };
    {
      await using killed = await TestGateway.start(options);
      await killed.stop("SIGKILL");
      assert((await Deno.lstat(socket)).isSocket);
    }
    await using gateway = await TestGateway.start(options);
    assertEquals(await statusOn(socket), 200);
    const { code, stderr } = await refusedServe(gateway, socket);
    assertEquals(code, 1);
    assertMatch(stderr, /cannot listen on \S+ttygate\.sock: another process listens on /);
    assertEquals(await statusOn(socket), 200, "the first one still answers");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("what is no socket is not replaced by one", async () => {
  await using gateway = await TestGateway.start({ agent: machine });
  const path = join(gateway.home, "precious");
  await Deno.writeTextFile(path, "data");
  const { code, stderr } = await refusedServe(gateway, path);
  assertEquals(code, 1);
  assertMatch(stderr, /cannot listen on \S+precious: \S+precious is there and is no socket/);
  assertEquals(await Deno.readTextFile(path), "data");
});

Deno.test("an address this machine does not have is a sentence and status 1", async () => {
  await using gateway = await TestGateway.start({ agent: machine });
  // TEST-NET-1 (RFC 5737): nobody's.
  const { code, stderr } = await refusedServe(gateway, "192.0.2.1:0");
  assertEquals(code, 1);
  assertMatch(stderr, /cannot listen on 192\.0\.2\.1:0: this machine does not have that address/);
});

Deno.test("one address that cannot be had stops the others, too", async () => {
  await using gateway = await TestGateway.start({ agent: machine });
  const { code, stderr } = await refusedServe(gateway, `127.0.0.1:0,${gateway.host}`);
  assertEquals(code, 1);
  assertMatch(stderr, /cannot listen on 127\.0\.0\.1:\d+: the port is in use; [^\n]+\n$/);
});
