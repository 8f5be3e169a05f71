/** What a Docker Engine measures of a container, by Docker's own names. */

/** CPU time since the container's start, in nanoseconds. */
export interface CpuStats {
  readonly cpu_usage: { readonly total_usage: number };
  /** The whole machine's, in nanoseconds. */
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** One sample of `GET /containers/{id}/stats`; sizes in bytes, absent for a stopped container. */
export interface ContainerStats {
  /** RFC 3339, with nanoseconds. */
  readonly read: string;
  readonly cpu_stats: CpuStats;
  /** All zero in a one-shot sample. */
  readonly precpu_stats: CpuStats;
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    /** The kernel's figures; `inactive_file` (v2) or `total_inactive_file` (v1) is page cache. */
    readonly stats?: Readonly<Record<string, number>>;
  };
  /** By device and direction: "read", "write" (v2), "Read", "Write" (v1). */
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?:
      | readonly { readonly op: string; readonly value: number }[]
      | null;
  };
  readonly pids_stats: { readonly current?: number; readonly limit?: number };
}
