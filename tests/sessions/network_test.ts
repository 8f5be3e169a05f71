/** Proves that networks get bridges that the rules know, also those that an earlier version made. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Docker } from "deno-docker-api";
import { createLog } from "../../lib/log.ts";
import { bridgeName, DockerNetwork } from "../../lib/sessions/docker_network.ts";
import { DOCKER_SOCKET } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";

const ICC = { "com.docker.network.bridge.enable_icc": "false" };
const BRIDGE = "com.docker.network.bridge.name";

/** One network of its own in the machine's Docker, as a gateway sees to it. */
class Stage implements AsyncDisposable {
  readonly docker = new Docker({ socketPath: DOCKER_SOCKET });
  readonly name = `test-${crypto.randomUUID().slice(0, 8)}`;
  readonly lines: string[] = [];

  ensure(): Promise<void> {
    const log = createLog((line) => this.lines.push(line), {
      prefix: true,
      clock: () => new Date(),
    });
    const deadline = () => AbortSignal.timeout(20_000);
    return new DockerNetwork({ docker: this.docker, instance: "test", log, deadline })
      .ensure(this.name);
  }

  async bridge(): Promise<string | undefined> {
    return (await this.docker.networks.inspect(this.name)).Options?.[BRIDGE];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker.networks.remove(this.name).catch(() => {});
    this.docker[Symbol.dispose]();
  }
}

Deno.test("a bridge's name begins with ttygate, fits, and is each network's own", () => {
  assertEquals(bridgeName("ttygate"), "ttygate");
  assertEquals(bridgeName("ttygate-students"), bridgeName("ttygate-students"));
  const names = ["ttygate", "ttygate-students", "ttygate-teachers", "class", "Class", "ttygate_a"];
  const bridges = names.map(bridgeName);
  for (const bridge of bridges) assertMatch(bridge, /^ttygate[a-z0-9-]{0,8}$/);
  assertEquals(new Set(bridges).size, names.length);
});

Deno.test("a network that is made has such a bridge", async () => {
  await using stage = new Stage();
  await stage.ensure();
  assertEquals(await stage.bridge(), bridgeName(stage.name));
});

Deno.test("one that an earlier version made is made again once nothing is on it", async () => {
  await using stage = new Stage();
  const { networks, containers } = stage.docker;
  const Labels = { "ttygate.instance": "test" };
  await networks.create({ Name: stage.name, Driver: "bridge", Options: ICC, Labels });
  const { Id } = await containers.create({
    Image: testImage(),
    Cmd: ["sleep", "60"],
    HostConfig: { NetworkMode: stage.name, Init: true },
  });
  try {
    await containers.start(Id);
    await stage.ensure();
    assertEquals(await stage.bridge(), undefined);
    assert(stage.lines.some((line) => /^<4>the rules .* do not hold on this network/.test(line)));
  } finally {
    await containers.remove(Id, { force: true });
  }
  await stage.ensure();
  assertEquals(await stage.bridge(), bridgeName(stage.name));
});

Deno.test("one that an administrator made is left as it is", async () => {
  await using stage = new Stage();
  const { Id } = await stage.docker.networks.create({
    Name: stage.name,
    Driver: "bridge",
    Options: ICC,
  });
  await stage.ensure();
  assertEquals((await stage.docker.networks.inspect(stage.name)).Id, Id);
});
