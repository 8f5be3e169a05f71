/** The Docker Engine's JSON shapes, by Docker's own names, as far as this library's callers need. */

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason as it is. */
  readonly signal?: AbortSignal;
}

/** The answer of `GET /version`. */
export interface Version {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion: string;
  /** The programs that it is made of, such as "Engine", "containerd", "runc" or "Conmon". */
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[] | null;
}

/** The answer of `GET /info`, in part. */
export interface Info {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  /** Where its files are. */
  readonly DockerRootDir: string;
  readonly Driver: string;
  /** Pairs such as `["Backing Filesystem", "xfs"]`. */
  readonly DriverStatus: readonly (readonly [string, string])[];
  readonly CgroupDriver: string;
  readonly CgroupVersion?: string;
  /** By kind: `Log` has the names of log drivers. */
  readonly Plugins: { readonly Log?: readonly string[] | null };
  /** Such as `name=seccomp,profile=default`. */
  readonly SecurityOptions: readonly string[];
  readonly Runtimes: Readonly<Record<string, unknown>>;
  readonly DefaultRuntime: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly OperatingSystem: string;
  readonly KernelVersion: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly PidsLimit: boolean;
  readonly CpuCfsQuota: boolean;
  readonly Warnings: readonly string[] | null;
  /** Of an Engine that is in no Swarm the id is "". */
  readonly Swarm?: {
    readonly NodeID: string;
    readonly ControlAvailable: boolean;
    readonly RemoteManagers?: readonly { readonly NodeID: string }[] | null;
  };
  /** The Engine's clock, in RFC 3339 with nanoseconds. */
  readonly SystemTime: string;
}

/** The limits, isolation and lifetime of a container; sizes in bytes. */
export interface HostConfig {
  readonly AutoRemove?: boolean;
  readonly Init?: boolean;
  /** Billionths of a processor. */
  readonly NanoCpus?: number;
  readonly Memory?: number;
  /** Memory and swap together; equal to `Memory` for no swap. */
  readonly MemorySwap?: number;
  readonly MemorySwappiness?: number;
  readonly PidsLimit?: number;
  readonly ShmSize?: number;
  readonly StorageOpt?: Readonly<Record<string, string>>;
  readonly Ulimits?: readonly {
    readonly Name: string;
    readonly Soft: number;
    readonly Hard: number;
  }[];
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly Privileged?: boolean;
  readonly ReadonlyRootfs?: boolean;
  /** What is hidden, and what can only be read; Docker's own lists unless given. */
  readonly MaskedPaths?: readonly string[];
  readonly ReadonlyPaths?: readonly string[];
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly CgroupnsMode?: string;
  /** With the systemd cgroup driver a slice, such as "my.slice"; else a path. */
  readonly CgroupParent?: string;
  readonly UsernsMode?: string;
  readonly NetworkMode?: string;
  readonly Dns?: readonly string[];
  readonly ExtraHosts?: readonly string[];
  readonly Runtime?: string;
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly Mount[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly OomScoreAdj?: number;
  readonly LogConfig?: {
    readonly Type: string;
    readonly Config?: Readonly<Record<string, string>>;
  };
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number };
  /** Rows and columns at the start; from API 1.42 on. */
  readonly ConsoleSize?: readonly [rows: number, cols: number];
}

/** One file system of a container; a volume without a source is removed with it. */
export interface Mount {
  readonly Type: string;
  readonly Source?: string;
  /** Its path in the container. */
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly VolumeOptions?: {
    /** Leaves out what the image has at that path. */
    readonly NoCopy?: boolean;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly DriverConfig?: {
      readonly Name: string;
      readonly Options?: Readonly<Record<string, string>>;
    };
  };
}

/** A volume, as `GET /volumes` lists it, in part. */
export interface Volume {
  readonly Name: string;
  /** RFC 3339. */
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** The body of `POST /volumes/create`. */
export interface VolumeCreate {
  readonly Name: string;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** What a container runs. */
export interface ContainerConfig {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  /** `NAME=value` each. */
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  /** Closes the container's input when the first client that attached leaves. */
  readonly StdinOnce?: boolean;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
}

/** The body of `POST /containers/create`. */
export interface ContainerCreate extends ContainerConfig {
  readonly HostConfig?: HostConfig;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases?: readonly string[] }>>;
  };
}

/** Where a container is in its life. */
export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

/** The answer of `GET /containers/{id}/json`, in part; times are RFC 3339. */
export interface ContainerInspect {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly Created: string;
  /** The image's id. */
  readonly Image: string;
  readonly State: {
    readonly Status: ContainerStatus;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly OOMKilled: boolean;
    readonly Dead: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: ContainerConfig;
  readonly HostConfig: HostConfig;
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<
        string,
        { readonly NetworkID: string; readonly IPAddress: string; readonly Gateway: string }
      >
    >;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    /** Of a volume. */
    readonly Name?: string;
    readonly Destination: string;
  }[];
}

/** One line of `GET /containers/json`. */
export interface ContainerSummary {
  readonly Id: string;
  /** With a leading slash each. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: ContainerStatus;
  /** For people: "Up 2 minutes". */
  readonly Status: string;
  /** Unix seconds. */
  readonly Created: number;
  /** Bytes of the files that the image has not; only when asked for, absent for none. */
  readonly SizeRw?: number;
}

/** The answer of `GET /images/{name}/json`, in part; `Size` in bytes. */
export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Architecture: string;
  readonly Os: string;
  readonly Size: number;
  readonly Config?: Partial<ContainerConfig> | null;
}

/** One line of a pull; a line about a layer has its `id`, and bytes while it moves them. */
export interface PullProgress {
  /** Such as "Downloading", "Extracting", "Pull complete". */
  readonly status: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** What a removal of an image did, one step each. */
export interface ImageRemoved {
  readonly Untagged?: string;
  readonly Deleted?: string;
}

/** The body of `POST /networks/create`. */
export interface NetworkCreate {
  readonly Name: string;
  /** Refuse a second network of the same name, which older Engines otherwise make. */
  readonly CheckDuplicate?: boolean;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet: string }[] };
  readonly Options?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** A network, inspected or listed; `Containers` (by id) only when inspected. */
export interface Network {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Containers?: Readonly<
    Record<string, { readonly Name: string; readonly IPv4Address: string }>
  >;
}

/** One line of `GET /events`. */
export interface DockerEvent {
  /** Such as "container", "network", "image". */
  readonly Type: string;
  /** Such as "create", "start", "die", "destroy". */
  readonly Action: string;
  /** Attributes: the labels, and such as `name`, `image`, `exitCode`. */
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope?: string;
  /** Unix seconds. */
  readonly time: number;
  readonly timeNano: number;
}
