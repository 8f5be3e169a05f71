/** The terminals that a container has: a file system of them with a bound, as a volume. */
import type { ContainerInspect, HostConfig, VolumeCreate } from "deno-docker-api";

/**
 * A container's terminals, its own one too: the kernel has some thousands for the whole server
 * (kernel.pty.max), which a container of 128 processes could take all.
 */
export const PTYS = 48;

const PATH = "/dev/pts";
const SUFFIX = "-ptys";
const DRIVER = "local";
/** As the engine's own but for the bound. */
const OPTIONS = {
  type: "devpts",
  device: "devpts",
  o: `nosuid,noexec,gid=5,mode=620,ptmxmode=666,max=${PTYS}`,
};

type Labels = Readonly<Record<string, string>>;

/** A volume that the engine makes with the container, and removes with it. */
export function mountedPtys(labels: Labels): Pick<HostConfig, "Mounts"> {
  const VolumeOptions = {
    NoCopy: true,
    Labels: labels,
    DriverConfig: { Name: DRIVER, Options: OPTIONS },
  };
  return { Mounts: [{ Type: "volume", Target: PATH, VolumeOptions }] };
}

/** A volume that is made before the container, by `ptysVolume`, and removed after it. */
export function boundPtys(container: string): Pick<HostConfig, "Binds"> {
  // Podman lets nobody at devices in a volume unless told so.
  return { Binds: [`${nameOfPtys(container)}:${PATH}:nocopy,nosuid,noexec,dev`] };
}

/** The volume of `boundPtys`. */
export function ptysVolume(container: string, labels: Labels): VolumeCreate {
  return { Name: nameOfPtys(container), Driver: DRIVER, DriverOpts: OPTIONS, Labels: labels };
}

/** The name of the volume that stays when a container is removed; null where none does. */
export function keptVolume({ Name, Mounts }: Pick<ContainerInspect, "Name" | "Mounts">) {
  const name = nameOfPtys(Name.replace(/^\//, ""));
  return Mounts.some((mount) => mount.Name === name) ? name : null;
}

/** What the volume is called that is made before a container. */
export function nameOfPtys(container: string): string {
  return container + SUFFIX;
}

/** Whether a volume was made before its container. */
export function isMadeBefore(volume: string): boolean {
  return volume.endsWith(SUFFIX);
}
