/** The Docker container of a named machine: a session's in all that bounds it, but it stays; pure. */
import type { ContainerCreate } from "deno-docker-api";
import { containerName, LABEL } from "./container_spec.ts";
import type { ContainerIdentity } from "./engine.ts";

const KIND = "machine-";

/** What stands for a session in the container's name. */
export function machineKey(machine: string): string {
  return KIND + machine;
}

/** The name of its container in Docker, which stays when the machine is renamed. */
export function machineContainer(machine: string): string {
  return containerName(machineKey(machine));
}

/** The name of its volume. */
export function machineVolume(machine: string): string {
  return `${machineContainer(machine)}-home`;
}

/** Stays until it is told to end, which it does at once: the container's init passes SIGTERM on. */
const STAY = "while command -v sleep >/dev/null; do sleep 86400; done";

/**
 * What a session's container is made into. Its main process waits; shells come and go beside it. It
 * has no terminal of its own, and a volume that outlives it.
 */
export function machineSpec(
  spec: ContainerCreate,
  { session, home }: Pick<ContainerIdentity, "session" | "home">,
): ContainerCreate {
  const machine = session.slice(KIND.length);
  const { [LABEL.session]: _session, [LABEL.expires]: _expires, ...labels } = spec.Labels ?? {};
  const own = { [LABEL.machine]: machine };
  const volume = {
    Type: "volume",
    Source: machineVolume(machine),
    Target: home!,
    VolumeOptions: { Labels: { [LABEL.instance]: labels[LABEL.instance]!, ...own } },
  };
  return {
    ...spec,
    Cmd: ["/bin/sh", "-c", STAY],
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Labels: { ...labels, ...own },
    HostConfig: {
      ...spec.HostConfig,
      ConsoleSize: undefined,
      Mounts: [...spec.HostConfig?.Mounts ?? [], volume],
    },
  };
}
