import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { dockerEvent } from "../support/docker_event.ts";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { TinyRegistry } from "../docker/registry.ts";
import { TestTerminal } from "../support/terminal.ts";

/** From here on the gateway removes no container that it does not own. */
const SWEPT_AT_START = /looked for containers left behind/;

/** Starts a gateway with a short limit and a terminal on it. */
async function open(env: Record<string, string>) {
  const gateway = await TestGateway.start({ env });
  const cookie = await gateway.logIn();
  const terminal = await TestTerminal.open(gateway, { cookie });
  return { gateway, cookie, terminal };
}

Deno.test("without input a session is warned, then ended with reason idle; output keeps nobody", async () => {
  const { gateway, terminal } = await open({
    TTYGATE_SESSION_IDLE_TIMEOUT: "3s",
    TTYGATE_SESSION_IDLE_WARNING: "2s",
  });
  await using _gateway = gateway;
  terminal.type("while sleep 0.2; do echo tick; done\r");
  const warning = await terminal.event("idle");
  assertEquals(warning.remaining, 2);
  const ended = await terminal.event("ended");
  assertEquals([ended.reason, ended.exitCode], ["idle", null]);
  assertEquals(ended.message, "The session ended after 3 seconds without input.");
  assertEquals((await terminal.closed).code, 1000);
  assertEquals(await gateway.containers(), []);
});

Deno.test("a session ends at its longest time although someone types", async () => {
  const { gateway, terminal } = await open({ TTYGATE_SESSION_MAX_LIFETIME: "2s" });
  await using _gateway = gateway;
  const typing = setInterval(() => terminal.type(" "), 100);
  const ended = await terminal.event("ended");
  clearInterval(typing);
  assertEquals(ended.reason, "lifetime");
  assertEquals((await terminal.closed).code, 1000);
  assertEquals(await gateway.containers(), []);
});

Deno.test("a session outlives its viewer for the grace and is then gone", async () => {
  const { gateway, cookie, terminal } = await open({ TTYGATE_SESSION_RECONNECT_GRACE: "1s" });
  await using _gateway = gateway;
  const { session } = terminal;
  terminal.cut();
  await terminal.closed;
  await gateway.haveContainers(0);
  await gateway.logged(/session ended session=\S+ user=alice reason=away/);
  await using late = await TestTerminal.connect(gateway, {
    cookie,
    query: { session, offset: 0 },
  });
  assertEquals((await late.closed).code, 4404);
});

Deno.test("a container killed on the server ends its session with reason killed", async () => {
  const { gateway, terminal } = await open({});
  await using _gateway = gateway;
  const [container] = await gateway.containers();
  await gateway.docker.containers.kill(container!.Id);
  assertEquals((await terminal.event("ended")).reason, "killed");
  await gateway.haveContainers(0);
});

Deno.test("a container removed behind the gateway's back ends its session", async () => {
  const { gateway, terminal } = await open({});
  await using _gateway = gateway;
  const [container] = await gateway.containers();
  await gateway.docker.containers.remove(container!.Id, { force: true, volumes: true });
  assertEquals((await terminal.event("ended")).reason, "killed");
  await terminal.closed;
});

Deno.test("a shell that is gone at once is an exit, not an error", async () => {
  await using gateway = await TestGateway.start({
    env: { TTYGATE_CONTAINER_COMMAND: "/bin/false" },
  });
  await using terminal = await TestTerminal.connect(gateway, { cookie: await gateway.logIn() });
  const ended = await terminal.event("ended");
  assertEquals([ended.reason, ended.exitCode], ["exit", 1]);
  assertEquals((await terminal.closed).code, 1000);
});

Deno.test("a session without network has none", async () => {
  const { gateway, terminal } = await open({ TTYGATE_CONTAINER_NETWORK: "none" });
  await using _gateway = gateway;
  assertEquals(await terminal.run("ls /sys/class/net"), "lo");
});

Deno.test("SIGTERM ends sessions with reason shutdown and leaves no container", async () => {
  const { gateway, terminal } = await open({});
  await using _gateway = gateway;
  const stopped = gateway.stop();
  const ended = await terminal.event("ended");
  assertEquals([ended.reason, ended.message], ["shutdown", "The server is being stopped."]);
  assertEquals((await terminal.closed).code, 1000);
  assertEquals((await stopped).code, 0);
  assertEquals(await gateway.containers(), []);
});

Deno.test("an image that does not exist is told in a sentence, and the gateway lives on", async () => {
  await using gateway = await TestGateway.start({
    env: { TTYGATE_CONTAINER_IMAGE: "ttygate-no-such-image:1" },
  });
  await using terminal = await TestTerminal.connect(gateway, { cookie: await gateway.logIn() });
  const ended = await terminal.event("ended");
  assertEquals(ended.reason, "engine");
  assertMatch(ended.message, /could not be started.*administrator/s);
  await terminal.closed;
  assertMatch(gateway.log, /a session could not be started.*ttygate-no-such-image/);
  assertEquals((await fetch(`${gateway.origin}/healthz`)).status, 200);
});

Deno.test("an image that is not there yet is pulled, and the percentage told", async () => {
  await using registry = await TinyRegistry.serve();
  const image = `127.0.0.1:${registry.port}/test/app:latest`;
  await using gateway = await TestGateway.start({ env: { TTYGATE_CONTAINER_IMAGE: image } });
  await using terminal = await TestTerminal.connect(gateway, { cookie: await gateway.logIn() });
  await terminal.event("ended"); // there is no shell in so small an image
  const told = terminal.events.filter((event) => event.type === "progress");
  assertEquals(told.map(({ stage }) => stage).filter((stage, i, all) => stage !== all[i - 1]), [
    "create",
    "pull",
    "create",
    "start",
  ]);
  const percents = told.filter(({ stage }) => stage === "pull").map(({ percent }) => percent!);
  assertEquals([percents[0], percents.at(-1)], [0, 100]);
  assertEquals(percents, percents.toSorted((a, b) => a - b));
  await terminal.closed;
  await gateway.haveContainers(0);
  await gateway.docker.images.remove(image, { force: true });
});

Deno.test("without a Docker socket the gateway starts, says so, and tells the person", async () => {
  const env = { TTYGATE_DOCKER_SOCKET: "/tmp/ttygate-no-such.sock" };
  const gateway = await TestGateway.start({ env });
  await using _gateway = gateway;
  const health = await fetch(`${gateway.origin}/healthz`);
  assertEquals(health.status, 503);
  assertMatch((await health.json()).reason, /Docker/);
  await using terminal = await TestTerminal.connect(gateway, { cookie: await gateway.logIn() });
  const ended = await terminal.event("ended");
  assertEquals(ended.reason, "engine");
  assertMatch(ended.message, /Docker Engine does not answer/);
  assertEquals((await terminal.closed).code, 4503);
  assertEquals((await fetch(`${gateway.origin}/login`)).status, 200);
});

Deno.test("a port in use is a sentence and status 1", async () => {
  await using gateway = await TestGateway.start();
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const { code, stderr } = await ttygate(["serve"], {
    env: {
      ...gateway.env,
      TTYGATE_GATEWAY_LISTEN: gateway.host,
      TTYGATE_GATEWAY_STATE_DIR: join(home, "state"),
      TTYGATE_GATEWAY_ADMIN_SOCKET: join(home, "admin.sock"),
    },
  });
  assertEquals(code, 1);
  assertMatch(
    stderr.trim().split("\n").at(-1)!,
    /^ttygate: cannot listen on .*in use.*gateway\.listen/,
  );
  await Deno.remove(home, { recursive: true });
});

Deno.test("a second gateway of the same instance is a sentence and status 1", async () => {
  await using gateway = await TestGateway.start();
  const { code, stderr } = await ttygate(["serve"], { env: gateway.env });
  assertEquals(code, 1);
  assertMatch(stderr, /ttygate: Cannot run a second gateway of instance/);
});

Deno.test("an unknown key stops serve before it listens, naming file, line and key", async () => {
  const file = await Deno.makeTempFile({ prefix: "ttygate-test-", suffix: ".toml" });
  await Deno.writeTextFile(
    file,
    '[gateway]\nlisten = ["127.0.0.1:0"]\n[container]\nmemroy = "1GB"\n',
  );
  const { code, stderr } = await ttygate(["serve", "--config", file]);
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`^${file}:4: container\\.memroy: `));
  assert(!stderr.includes("listening"));
  await Deno.remove(file);
});

Deno.test("after kill -9 nothing is owned any more: sweep removes it all, in every state", async () => {
  const { gateway, terminal } = await open({});
  await using _gateway = gateway;
  await gateway.logged(SWEPT_AT_START);
  const { docker, instance, env } = gateway;
  const labels = (role: string) => ({
    "ttygate.instance": instance,
    "ttygate.role": role,
    "ttygate.session": crypto.randomUUID().slice(0, 8),
    "ttygate.user": "alice",
  });
  const make = async (role: string, command: string[]) => {
    const { Id } = await docker.containers.create({
      Image: env.TTYGATE_CONTAINER_IMAGE!,
      Cmd: command,
      Labels: labels(role),
    });
    return Id;
  };
  const sweep = (...args: string[]) => ttygate(["sweep", "--json", ...args], { env });
  const orphans = [
    await make("session", ["sleep", "1000"]), // created
    await make("pool", ["sleep", "1000"]), // running
    await make("session", ["sleep", "1000"]), // paused
    await make("session", ["true"]), // exited
  ];
  const [, running, paused, exited] = orphans as [string, string, string, string];
  for (const id of [running, paused]) await docker.containers.start(id);
  await docker.containers.pause(paused);
  const since = Date.now() / 1000;
  await docker.containers.start(exited);
  await dockerEvent(docker, { container: exited, action: "die", since });
  const { Id: foreign } = await docker.containers.create({
    Image: env.TTYGATE_CONTAINER_IMAGE!,
    Cmd: ["true"],
    Labels: { ...labels("session"), "ttygate.instance": `${instance}-other` },
  });
  try {
    const dry = JSON.parse((await sweep("--dry-run")).stdout);
    assertEquals(
      dry.removed.map(({ state }: { state: string }) => state).toSorted(),
      ["created", "exited", "paused", "running"],
    );
    assertEquals((await gateway.containers()).length, 5);

    const live = JSON.parse((await sweep()).stdout);
    assertEquals([live.removed.length, live.spared.length], [4, 1]);
    assertEquals(live.spared[0].session, terminal.session);
    assertEquals(await terminal.run("echo spared"), "spared");

    await gateway.stop("SIGKILL");
    assertEquals((await gateway.containers()).length, 1);
    const dead = JSON.parse((await sweep()).stdout);
    assertEquals([dead.removed.length, dead.spared.length, dead.failed.length], [1, 0, 0]);
    assertEquals(await gateway.containers(), []);
    assertEquals((await docker.containers.inspect(foreign)).State.Status, "created");
    assertEquals((await ttygate(["sweep"], { env })).stdout, "");
  } finally {
    await docker.containers.remove(foreign, { force: true });
  }
});

Deno.test("two sweeps at once, and containers already on their way out, are no errors", async () => {
  await using gateway = await TestGateway.start();
  await gateway.logged(SWEPT_AT_START);
  const { docker, instance, env } = gateway;
  for (let i = 0; i < 6; i++) {
    const { Id } = await docker.containers.create({
      Image: env.TTYGATE_CONTAINER_IMAGE!,
      Cmd: ["sleep", "1000"],
      Labels: { "ttygate.instance": instance },
    });
    await docker.containers.start(Id);
    if (i < 2) docker.containers.remove(Id, { force: true, volumes: true }).catch(() => {});
  }
  const sweeps = [1, 2].map(() => ttygate(["sweep"], { env }));
  for (const { code, stderr } of await Promise.all(sweeps)) assertEquals([code, stderr], [0, ""]);
  assertEquals(await gateway.containers(), []);
});

Deno.test("a gateway removes at its start what has no lease", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const instance = `test-${crypto.randomUUID().slice(0, 8)}`;
  const first = await TestGateway.start({ home, instance });
  await using terminal = await TestTerminal.open(first, { cookie: await first.logIn() });
  await first.stop("SIGKILL");
  await terminal.closed;
  assertEquals((await first.containers()).length, 1);
  const leases = join(home, "state", "instances", instance, "leases");
  await Deno.remove(join(leases, terminal.session));
  {
    await using second = await TestGateway.start({ home, instance });
    await second.haveContainers(0);
    await second.logged(/removed a container left behind/);
  }
  first.docker[Symbol.dispose]();
  await Deno.remove(home, { recursive: true });
});

Deno.test("sweep without an engine is a sentence and status 1", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const { code, stderr } = await ttygate(["sweep"], {
    env: { TTYGATE_DOCKER_SOCKET: "/tmp/ttygate-no-such.sock", TTYGATE_GATEWAY_STATE_DIR: home },
  });
  assertEquals(code, 1);
  assertEquals(stderr.trim().split("\n").length, 1);
  assertMatch(stderr, /^ttygate: Cannot .*\/tmp\/ttygate-no-such\.sock/);
  await Deno.remove(home);
});

Deno.test("a session is open within the grace although its client's network is gone for a while", async () => {
  const { gateway, cookie, terminal } = await open({ TTYGATE_SESSION_RECONNECT_GRACE: "30s" });
  await using _gateway = gateway;
  await terminal.run("cd /var; x=kept");
  const { session, offset } = terminal;
  terminal.cut();
  await terminal.closed;
  await until(async () => {
    const response = await fetch(`${gateway.origin}/api/v1/sessions/${session}`, {
      headers: { cookie },
    });
    return (await response.json()).attached === false;
  });
  await using again = await TestTerminal.open(gateway, { cookie, query: { session, offset } });
  assertEquals(await again.run("pwd; echo $x"), "/var\nkept");
});
