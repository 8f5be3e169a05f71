/** A server for a test with a Docker Engine of its own, run by its own docker.service. */
import { DOCKER_SOCKET, until } from "./gateway.ts";
import { testImage } from "./image.ts";
import { run } from "./run.ts";
import { SystemdServer } from "./systemd_server.ts";

/** Made by scripts/setup.sh --tests. */
const IMAGE = "ttygate/test-docker-server:latest";

/** How its Docker daemon differs from the default. */
export interface DockerServerOptions {
  /** Who makes the containers' cgroups; "cgroupfs" is what Docker does by itself on cgroup v1. */
  readonly cgroupDriver?: "systemd" | "cgroupfs";
}

/**
 * Boots a server whose docker.service runs and has the test image; nothing of ttygate is installed.
 * Sessions' containers are inside it: they are gone with it, and `containers()` finds none.
 */
export async function bootDockerServer(
  { cgroupDriver = "systemd" }: DockerServerOptions = {},
): Promise<SystemdServer> {
  const server = await SystemdServer.boot({ image: IMAGE });
  try {
    // As systemd does on a machine: in a container credentials would not reach their services.
    await server.run("mount --make-rshared /");
    const settings = { "exec-opts": [`native.cgroupdriver=${cgroupDriver}`] };
    await server.write("/etc/docker/daemon.json", JSON.stringify(settings));
    await server.run("systemctl restart docker.service");
    await until(async () => (await server.try("docker version")).code === 0);
    const from = `docker --host unix://${DOCKER_SOCKET} save ${testImage()}`;
    const to = `docker --host unix://${DOCKER_SOCKET} exec -i ${server.name} docker load --quiet`;
    const { code, stderr } = await run("sh", ["-c", `${from} | ${to}`]);
    if (code !== 0) throw new Error(`Cannot load ${testImage()}: ${stderr}`);
    // A daemon's first container may take a busy machine many times as long as the next.
    await server.run(`docker run --rm ${testImage()} true`);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
