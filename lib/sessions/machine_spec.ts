/** The Docker container of a named machine: a session's in all that bounds it, but it stays; pure. */
import type { ContainerCreate } from "deno-docker-api";
import { machineKey, machineOfKey } from "../protocol/machines.ts";
import { containerName, LABEL } from "./container_spec.ts";
import type { ContainerIdentity } from "./engine.ts";
import { KEEP, KEEPER } from "./machine_marks.ts";

/** The name of its container in Docker, which stays when the machine is renamed. */
export function machineContainer(machine: string): string {
  return containerName(machineKey(machine));
}

/** The name of its volume. */
export function machineVolume(machine: string): string {
  return `${machineContainer(machine)}-home`;
}

const MAIN = "main-";

/** Stands for the container of a session whose shell has the terminal of a machine's main process. */
export function mainShell(machine: string, session: string): string {
  return `${MAIN}${machine}-${session}`;
}

/** Of which machine and session that is; null of anything else. */
export function ofMainShell(id: string): { readonly machine: string; session: string } | null {
  const [machine, session] = id.startsWith(MAIN) ? id.slice(MAIN.length).split("-") : [];
  return machine !== undefined && session !== undefined ? { machine, session } : null;
}

/**
 * What a session's container is made into. Its main process begins shells in its terminal, one after
 * the other, and it has a volume that outlives it.
 */
export function machineSpec(
  spec: ContainerCreate,
  { session, home }: Pick<ContainerIdentity, "session" | "home">,
): ContainerCreate {
  const machine = machineOfKey(session)!;
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
    Cmd: ["/bin/sh", "-c", KEEP, KEEPER, ...spec.Cmd ?? []],
    Labels: { ...labels, ...own },
    HostConfig: {
      ...spec.HostConfig,
      Mounts: [...spec.HostConfig?.Mounts ?? [], volume],
    },
  };
}
