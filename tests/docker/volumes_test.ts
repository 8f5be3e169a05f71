import { assert, assertEquals } from "@std/assert";
import { Engine } from "./engine.ts";

Deno.test("a volume that a removed container left is pruned by its label, one in use is not", async () => {
  await using engine = new Engine();
  const { containers, volumes } = engine.docker;
  const labels = [engine.label];
  const id = await engine.create("true", {
    HostConfig: {
      Mounts: [{ Type: "volume", Target: "/v", VolumeOptions: { Labels: engine.labels } }],
    },
  });
  assertEquals((await volumes.prune({ labels })).VolumesDeleted ?? [], []);
  await containers.remove(id);
  const { VolumesDeleted } = await volumes.prune({ labels });
  assert(VolumesDeleted?.length === 1);
});
