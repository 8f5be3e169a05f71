/** The Docker container that a profile describes: its limits and its hardening. */
import type { ContainerCreate } from "deno-docker-api";
import type { Profile, Winsize } from "../types.ts";
import type { ContainerIdentity } from "./engine.ts";

/** The labels by which containers are found again. */
export const LABEL = {
  instance: "ttygate.instance",
  role: "ttygate.role",
  session: "ttygate.session",
  user: "ttygate.user",
  expires: "ttygate.expires",
} as const;

/**
 * What apt and dpkg need to install as root: owners and modes of files, another user's id for the
 * download, file capabilities of packages (capabilities(7)). Raw sockets, devices, mounts, kill
 * of other users' processes and the rest stay away.
 */
const CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "SETFCAP",
  "SETGID",
  "SETUID",
];

/** The systemd unit under which all containers are; systemd/ttygate.slice can bound them together. */
const SLICE = "ttygate.slice";

/** What of a container the Docker Engine decides. */
export interface EngineTraits {
  /** Whether a disk limit can be set. */
  readonly limitsDisk: boolean;
  /** Whether Docker has systemd make the containers' cgroups: only then slices are known to it. */
  readonly hasSlices: boolean;
}

/** The container's name in Docker. */
export function containerName(session: string): string {
  return `ttygate-${session}`;
}

/** How a container of this instance is asked for, as in Docker's `POST /containers/create`. */
export function containerSpec(
  { session, user, role, expires }: ContainerIdentity,
  profile: Profile,
  { instance, winsize, traits }: { instance: string; winsize: Winsize; traits: EngineTraits },
): ContainerCreate {
  const { cpus, memoryBytes, pids, diskBytes } = profile.limits;
  return {
    Image: profile.image,
    // The image's own entrypoint would run the command its own way.
    Entrypoint: [],
    Cmd: profile.command,
    Env: ["TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"],
    User: profile.user,
    Hostname: session,
    Tty: true,
    OpenStdin: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: {
      [LABEL.instance]: instance,
      [LABEL.role]: role,
      [LABEL.session]: session,
      [LABEL.user]: user,
      [LABEL.expires]: String(expires),
    },
    HostConfig: {
      // Docker removes it even while it runs when its daemon restarts (live-restore), so that only
      // what must be gone without anybody's help has it.
      AutoRemove: role !== "session",
      Init: true,
      NanoCpus: Math.round(cpus * 1e9),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      PidsLimit: pids,
      // Docker on a file system without quotas refuses to make a container with a size.
      StorageOpt: traits.limitsDisk ? { size: String(diskBytes) } : undefined,
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges"],
      // With cgroup v1 Docker would otherwise show the server's.
      CgroupnsMode: "private",
      CgroupParent: traits.hasSlices ? SLICE : undefined,
      Ulimits: [
        { Name: "nofile", Soft: 1024, Hard: 4096 },
        { Name: "core", Soft: 0, Hard: 0 },
      ],
      NetworkMode: profile.network,
      Runtime: profile.runtime || undefined,
      LogConfig: {
        Type: "local",
        Config: {
          "max-size": "1m",
          "max-file": "1",
          // With one file, compression makes the start fail.
          "compress": "false",
          // The other mode keeps lines in the daemon's own memory until they are written, and bounds
          // the bytes in them alone: an empty line has none, and costs it some 200.
          "mode": "blocking",
        },
      },
      ConsoleSize: [winsize.rows, winsize.cols],
    },
  };
}
