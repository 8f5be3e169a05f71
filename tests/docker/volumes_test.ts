import { assert, assertEquals, assertRejects } from "@std/assert";
import { DockerError } from "deno-docker-api";
import { Engine } from "./engine.ts";

Deno.test("a volume that a removed container left is found by its label, and removed", async () => {
  await using engine = new Engine();
  const { containers, volumes } = engine.docker;
  const labels = [engine.label];
  const id = await engine.create("true", {
    HostConfig: {
      Mounts: [{ Type: "volume", Target: "/v", VolumeOptions: { Labels: engine.labels } }],
    },
  });
  assertEquals(await volumes.list({ labels, unused: true }), []);
  const [volume] = await volumes.list({ labels });
  assertEquals(volume?.Labels, engine.labels);
  const used = await assertRejects(() => volumes.remove(volume!.Name), DockerError) as DockerError;
  assert(used.isConflict);
  await containers.remove(id);
  assertEquals((await volumes.list({ labels, unused: true })).length, 1);
  await volumes.remove(volume!.Name);
  assertEquals(await volumes.list({ labels }), []);
});
