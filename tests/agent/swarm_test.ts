/** A real Swarm of two machines, whose agents dial one gateway: what Swarm says of them counts there. */
import { assertEquals, assertMatch } from "@std/assert";
import { TestAgent } from "../support/agent.ts";
import { EXECUTABLE } from "../support/build.ts";
import { DockerDaemon } from "../support/docker_daemon.ts";
import { until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { Netns } from "../support/netns.ts";
import { NodePlace } from "../support/node_place.ts";
import { run } from "../support/run.ts";
import { TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
const daemons: Record<"one" | "two", DockerDaemon> = {} as never;
const spaces: { one?: Netns; two?: Netns } = {};
const agents: TestAgent[] = [];
const place = new NodePlace();
let cookie: string;

/** Runs docker(1) against a daemon. */
async function docker(on: "one" | "two", ...args: string[]): Promise<string> {
  const socket = `unix://${daemons[on].socket}`;
  const { code, stdout, stderr } = await run("docker", ["--host", socket, ...args]);
  assertEquals(code, 0, stderr);
  return stdout.trim();
}

Deno.test.beforeAll(async () => {
  const [one, two] = await Promise.all([Netns.make("swarm"), Netns.make("swarm")]);
  [spaces.one, spaces.two] = [one, two];
  owned.use(one);
  owned.use(two);
  await Netns.link(
    { ns: one, name: "eth0", addresses: ["10.99.0.1/24"] },
    { ns: two, name: "eth0", addresses: ["10.99.0.2/24"] },
  );
  const started = await Promise.all(
    [one, two].map(({ name }) => DockerDaemon.start({ liveRestore: false, netns: name })),
  );
  started.forEach((daemon) => owned.use(daemon));
  [daemons.one, daemons.two] = started as [DockerDaemon, DockerDaemon];
  await docker("one", "swarm", "init", "--advertise-addr", "10.99.0.1");
  const token = await docker("one", "swarm", "join-token", "-q", "worker");
  await docker("two", "swarm", "join", "--token", token, "10.99.0.1:2377");
  owned.use(place);
  const gateway = await place.begin({
    TTYGATE_SESSION_MAX_PER_USER: "9",
    TTYGATE_IMAGE_GPU_LABELS: "gpu",
  });
  for (const [i, name] of (["one", "two"] as const).entries()) {
    const agent = await TestAgent.start({
      env: {
        TTYGATE_DOCKER_SOCKET: daemons[name].socket,
        TTYGATE_CONTAINER_NETWORK: "none",
        TTYGATE_IMAGE_GPU_TITLE: "With a GPU",
      },
      dockerSocket: daemons[name].socket,
    });
    owned.use(agents[i] = agent);
    await place.join(agent, name);
  }
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Where a new session begins; it is ended then. */
async function where(query: Record<string, string> = {}): Promise<string> {
  await using terminal = await TestTerminal.connect(place.gateway, { cookie, query });
  const { node } = await terminal.event("ready");
  terminal.type("exit\r");
  await terminal.closed;
  await until(async () => (await place.nodes()).every(({ sessions }) => sessions === 0));
  return node!;
}

/** Waits until the list of nodes matches. */
function listed(pattern: RegExp): Promise<void> {
  return until(async () => pattern.test(await place.cli("node", "list")));
}

const swarmIdOf = (name: "one" | "two") => docker(name, "info", "-f", "{{.Swarm.NodeID}}");

Deno.test("a node that is drained in Swarm is drained here, until it is active again", async () => {
  const id = await swarmIdOf("two");
  await docker("one", "node", "update", "--availability", "drain", id);
  await listed(/^two +online, drained/m);
  assertMatch(await place.cli("node", "show", "two"), /^swarm +drain$/m);
  assertEquals([await where(), await where()], ["one", "one"]);
  await docker("one", "node", "update", "--availability", "active", id);
  await listed(/^two +online +0\//m);
});

Deno.test("a label that Swarm gives a node is one that an image may ask for", async () => {
  await docker("one", "node", "update", "--label-add", "gpu=", await swarmIdOf("two"));
  await until(async () => /^labels +gpu$/m.test(await place.cli("node", "show", "two")));
  assertEquals([await where({ image: "gpu" }), await where({ image: "gpu" })], ["two", "two"]);
});

Deno.test("what services have reserved on a node makes another one the choice", async () => {
  const id = await swarmIdOf("one");
  assertEquals(await where(), "one"); // the first of two that are alike
  await docker(
    "one",
    ...["service", "create", "--detach", "--name", "hog", "--reserve-cpu", "1"],
    ...["--constraint", `node.id==${id}`, "--no-resolve-image", testImage(), "sleep", "600"],
  );
  await until(async () => await where() === "two");
  await docker("one", "service", "rm", "hog");
  await until(async () => await where() === "one");
});

Deno.test("the containers are the agents' own, with all their hardening", async () => {
  await using terminal = await TestTerminal.open(place.gateway, { cookie, query: { node: "two" } });
  const [container] = await agents[1]!.containers();
  const { HostConfig } = await daemons.two.docker.containers.inspect(container!.Id);
  assertEquals([HostConfig.Memory, HostConfig.MemorySwap], [209_715_200, 209_715_200]);
  assertEquals([HostConfig.CapDrop, HostConfig.CgroupnsMode], [["ALL"], "private"]);
  assertEquals(HostConfig.SecurityOpt?.includes("no-new-privileges"), true);
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("agents that run as a global service join once, and are there on every node", async () => {
  const image = "ttygate/test-agent:latest";
  const socket = `${place.home}/gateway.sock`;
  await using fleet = new NodePlace();
  const gateway = await fleet.begin({ TTYGATE_GATEWAY_LISTEN: `127.0.0.1:0,${socket}` });
  const context = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await Deno.copyFile(EXECUTABLE, `${context}/ttygate`);
    const base = testImage();
    await Deno.writeTextFile(
      `${context}/Dockerfile`,
      `FROM ${base}\nCOPY ttygate /usr/local/bin/ttygate\nRUN ttygate version\n`,
    );
    for (const on of ["one", "two"] as const) {
      await docker(on, "build", "--quiet", "--network", "none", "--tag", image, context);
      // The nodes are in networks where nothing but each other is: the gateway comes to them.
      await spaces[on]!.serve(`
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 8080 });
        (async () => {
          for await (const near of listener) {
            Deno.connect({ transport: "unix", path: ${JSON.stringify(socket)} }).then((far) => {
              near.readable.pipeTo(far.writable).catch(() => {});
              far.readable.pipeTo(near.writable).catch(() => {});
            });
          }
        })();
        console.log("ready");
      `);
    }
    const stack = new URL("../../docs/swarm-stack.yml", import.meta.url).pathname;
    const deployed = await run("docker", [
      ...["--host", `unix://${daemons.one.socket}`, "stack", "deploy", "--resolve-image", "never"],
      ...["--compose-file", stack, "ttygate"],
    ], {
      env: {
        TTYGATE_IMAGE: image,
        TTYGATE_CONTAINER_IMAGE: base,
        TTYGATE_CONTAINER_NETWORK: "none",
        TTYGATE_DOCKER_INSTANCE: "stack",
      },
    });
    assertEquals(deployed.code, 0, deployed.stderr);
    for (const on of ["one", "two"] as const) {
      const { token } = JSON.parse(await fleet.cli("node", "invite", `stack-${on}`, "--json"));
      const args = ["run", "--rm", "-i", "--network", "host"];
      const volume = "ttygate_state:/var/lib/ttygate-agent";
      const joined = await run("docker", [
        ...["--host", `unix://${daemons[on].socket}`, ...args, "--volume", volume, image],
        ...["ttygate", "agent", "join", "http://127.0.0.1:8080"],
      ], { stdin: `${token}\n` });
      assertEquals(joined.code, 0, joined.stderr);
    }
    for (const on of ["one", "two"]) await fleet.online(`stack-${on}`);
    const own = await gateway.logIn();
    for (const on of ["one", "two"] as const) {
      const query = { node: `stack-${on}` };
      await using terminal = await TestTerminal.open(gateway, { cookie: own, query });
      assertEquals(await terminal.run("echo $((6 * 7))"), "42");
      terminal.type("exit\r");
      await terminal.closed;
    }
  } finally {
    await docker("one", "stack", "rm", "ttygate");
    await until(async () =>
      await docker("two", "ps", "-q") === "" && await docker("one", "ps", "-q") === ""
    );
    await Deno.remove(context, { recursive: true });
  }
});
