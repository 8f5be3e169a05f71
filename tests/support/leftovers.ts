/** What an agent that has ended leaves in Docker: machines by design, and nothing else. */
import type { Docker } from "deno-docker-api";
import { removeUnused } from "../../lib/sessions/docker_volumes.ts";

/** Removes all of it; returns how many containers there were that should have been gone. */
export async function clearAfter(docker: Docker, instance: string): Promise<number> {
  const own = `ttygate.instance=${instance}`;
  const all = await docker.containers.list({ all: true, labels: [own] });
  for (const { Id } of all) await docker.containers.remove(Id, { force: true, volumes: true });
  for (const { Name } of await docker.volumes.list({ labels: [own, "ttygate.machine"] })) {
    await docker.volumes.remove(Name);
  }
  // Docker leaves the volume of a container into which something is being put.
  await removeUnused(docker.volumes, [`ttygate.ptys=${instance}`]).catch(() => {});
  return all.filter(({ Labels }) => Labels["ttygate.machine"] === undefined).length;
}
