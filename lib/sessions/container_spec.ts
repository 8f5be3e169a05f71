/** The Docker container that a profile describes: its limits and its hardening. */
import type { ContainerCreate, Info, Version } from "deno-docker-api";
import type { Profile, Winsize } from "../types.ts";
import { rootOf } from "./docker_disk.ts";
import type { ContainerIdentity } from "./engine.ts";
import { boundPtys, mountedPtys } from "./ptys.ts";
import { SECCOMP_PROFILE } from "./seccomp.ts";

/** The labels by which containers are found again. */
export const LABEL = {
  instance: "ttygate.instance",
  role: "ttygate.role",
  session: "ttygate.session",
  /** Of a machine's container and its volume. */
  machine: "ttygate.machine",
  user: "ttygate.user",
  expires: "ttygate.expires",
  /** What the host seems to be called inside. */
  hostname: "ttygate.hostname",
  /** Of a network: what its bridge is called, for engines that do not tell. */
  bridge: "ttygate.bridge",
  /** Of a volume of terminals; the value is the instance. */
  ptys: "ttygate.ptys",
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

/** What of a container the engine decides: found by asking it, as several engines speak Docker's API. */
export interface EngineTraits {
  /** Whether a disk limit can be set. */
  readonly limitsDisk: boolean;
  /** Where the containers' files are on its machine. */
  readonly root: string;
  /** Whether Docker has systemd make the containers' cgroups: only then slices are known to it. */
  readonly hasSlices: boolean;
  /** The runtime of containers that name none. */
  readonly runtime: string;
  /** Whether SELinux, which labels file systems, guards containers. */
  readonly hasSelinux: boolean;
  /** The log driver that keeps what a container prints, in a file that is bounded. */
  readonly logDriver: keyof typeof LOGS;
  /**
   * Whether conmon(8) holds containers' terminals, as under Podman. An engine with it gives input and
   * output on one connection only, and passes no options on to a volume that a container brings.
   */
  readonly hasConmon: boolean;
  /** What of a container's hardening it does not do, in words. */
  readonly lacks: readonly string[];
  /** What it takes for `seccomp=`: the profile itself, or the path of a file that has it. */
  readonly seccomp: string;
}

/** Quotas exist for overlay2 on xfs; whether they are switched on, the first create tells. */
export function engineTraits(info: Info, { Components }: Version): EngineTraits {
  const { Driver, DriverStatus, CgroupDriver, DefaultRuntime, SecurityOptions, Plugins } = info;
  const hasConmon = Components?.some(({ Name }) => /^conmon/i.test(Name)) ?? false;
  const logs = Plugins?.Log ?? [];
  const backing = DriverStatus.find(([name]) => name === "Backing Filesystem")?.[1];
  return {
    limitsDisk: Driver === "overlay2" && backing === "xfs",
    hasSlices: CgroupDriver === "systemd",
    root: rootOf(info),
    runtime: DefaultRuntime,
    hasSelinux: SecurityOptions.some((option) => option.startsWith("name=selinux")),
    logDriver: !logs.includes("local") && logs.includes("k8s-file") ? "k8s-file" : "local",
    hasConmon,
    lacks: hasConmon ? lacksOf(info) : [],
    // How it is taken the first create tells.
    seccomp: SECCOMP_PROFILE,
  };
}

/** What Podman passes over in silence. */
function lacksOf({ CgroupVersion, SecurityOptions }: Info): string[] {
  return [
    CgroupVersion === "1" &&
    "containers see what the server's cgroups are called: with cgroup v1 the engine gives them no " +
      "cgroup namespace of their own",
    SecurityOptions.some((option) => option.startsWith("name=rootless")) &&
    "containers have no limits of open files and of what the kernel counts for each user: the " +
      "engine runs without root, and sets none then",
  ].filter((lack) => lack !== false);
}

/** The container's name in Docker. */
export function containerName(session: string): string {
  return `ttygate-${session}`;
}

/** Of 1000, proc(5); Docker and systemd's services are at 0 or below. */
const OOM_SCORE = 500;

/** Of one process, at most. */
export const OPEN_FILES = 4096;

/**
 * What a process may have at most, getrlimit(2). What the kernel counts for each user, and so for the
 * root of all containers and of the server together, is far below the server's own limits: whatever
 * containers take of it, the server's programs have the rest.
 */
const ULIMITS = [
  { Name: "nofile", Soft: 1024, Hard: OPEN_FILES },
  { Name: "core", Soft: 0, Hard: 0 },
  { Name: "memlock", Soft: 65_536, Hard: 65_536 },
  { Name: "msgqueue", Soft: 204_800, Hard: 204_800 },
  { Name: "nice", Soft: 0, Hard: 0 },
  { Name: "rtprio", Soft: 0, Hard: 0 },
  { Name: "sigpending", Soft: 4096, Hard: 4096 },
];

/** As Docker has them by itself: `ping` without raw sockets, and low ports for all of a container. */
const SYSCTLS = {
  "net.ipv4.ping_group_range": "0 2147483647",
  "net.ipv4.ip_unprivileged_port_start": "0",
};

/** The options of the logs that engines have. */
const LOGS = {
  "local": {
    "max-size": "1m",
    "max-file": "1",
    // With one file, compression makes the start fail.
    "compress": "false",
    // The other mode keeps lines in the daemon's own memory until they are written, and bounds
    // the bytes in them alone: an empty line has none, and costs it some 200.
    "mode": "blocking",
  },
  // One file, begun again when it is full; conmon(8) writes it before anybody hears of the output.
  "k8s-file": { "max-size": "1m" },
} as const;

const TERMINAL = ["TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"];

/**
 * Has bash(1) say where prompts and outputs begin and how a command ended (OSC 133; D, A, C). It takes
 * these from its environment, in whatever image, and a person who sets their own has only
 * that. Where the person's input begins (B) could be said in PS1 alone, which is theirs.
 */
const PROMPT_MARKS = [
  String.raw`PROMPT_COMMAND=printf "\e]133;D;%s\e]133;A" "$?"`,
  String.raw`PS0=\e]133;C`,
];

/** How a container of this instance is asked for, as in Docker's `POST /containers/create`. */
export function containerSpec(
  { session, user, role, expires }: ContainerIdentity,
  profile: Profile,
  { instance, hostname, winsize, traits }: {
    instance: string;
    hostname: string;
    winsize: Winsize;
    traits: EngineTraits;
  },
): ContainerCreate {
  const { cpus, memoryBytes, pids, diskBytes } = profile.limits;
  // Others bring terminals of their own, and SELinux lets nobody at ours.
  const boundsPtys = /runc|crun/.test(profile.runtime || traits.runtime) && !traits.hasSelinux;
  const ptys = traits.hasConmon
    ? boundPtys(containerName(session))
    : mountedPtys({ [LABEL.ptys]: instance });
  return {
    Image: profile.image,
    // The image's own entrypoint would run the command its own way.
    Entrypoint: [],
    Cmd: profile.command,
    Env: [...TERMINAL, ...(profile.promptMarks ? PROMPT_MARKS : [])],
    User: profile.user,
    Hostname: hostname,
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
      [LABEL.hostname]: hostname,
    },
    HostConfig: {
      // Docker removes it even while it runs when its daemon restarts (live-restore), so that no
      // shell that somebody has, or may be handed, has it.
      AutoRemove: role === "probe",
      Init: true,
      NanoCpus: Math.round(cpus * 1e9),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      PidsLimit: pids,
      // Docker on a file system without quotas refuses to make a container with a size.
      StorageOpt: traits.limitsDisk ? { size: String(diskBytes) } : undefined,
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges", `seccomp=${traits.seccomp}`],
      IpcMode: "private",
      // With cgroup v1 Docker would otherwise show the server's.
      CgroupnsMode: "private",
      CgroupParent: traits.hasSlices ? SLICE : undefined,
      // When the server's memory is full, a container's programs go first.
      OomScoreAdj: OOM_SCORE,
      Sysctls: traits.hasConmon ? SYSCTLS : undefined,
      Ulimits: ULIMITS,
      ...(boundsPtys && ptys),
      NetworkMode: profile.network,
      Runtime: profile.runtime || undefined,
      LogConfig: { Type: traits.logDriver, Config: LOGS[traits.logDriver] },
      ConsoleSize: [winsize.rows, winsize.cols],
    },
  };
}
