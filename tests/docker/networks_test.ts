import { assert, assertEquals, assertRejects } from "@std/assert";
import { DockerError } from "deno-docker-api";
import { Engine } from "./engine.ts";

Deno.test("a network is made once, listed by its label, inspected and removed", async () => {
  await using engine = new Engine();
  const { networks } = engine.docker;
  const Name = `ttygate-test-${engine.id}`;
  const Options = { "com.docker.network.bridge.enable_icc": "false" };
  const spec = { Name, Driver: "bridge", Internal: true, Options, Labels: engine.labels };
  const { Id } = await networks.create(spec);
  const twice = await assertRejects(() => networks.create(spec), DockerError) as DockerError;
  assert(twice.isConflict);

  assertEquals((await networks.list({ labels: [engine.label] })).map((net) => net.Id), [Id]);
  assertEquals(await networks.list({ labels: [`${engine.label}x`] }), []);
  assert((await networks.list()).length > 1);
  const network = await networks.inspect(Name);
  assertEquals([network.Id, network.Driver, network.Internal], [Id, "bridge", true]);
  assertEquals([network.Options, network.Labels], [Options, engine.labels]);

  await networks.remove(Id);
  const gone = await assertRejects(() => networks.inspect(Id), DockerError) as DockerError;
  assert(gone.isNotFound);
});
