/** What a Docker container uses, of what the Engine measures. */
import type { Docker } from "deno-docker-api";
import type { UsageSample } from "./engine.ts";

/** The Engine answers within a second, but not for a container whose output nobody reads. */
const USAGE_MS = 5_000;

/** Measures a container; memory without the files that the kernel keeps there while it has room. */
export async function usageOf(
  { containers }: Pick<Docker, "containers">,
  container: string,
  signal: AbortSignal,
): Promise<UsageSample> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(USAGE_MS)]);
  const { read, cpu_stats, memory_stats, pids_stats } = await containers.stats(container, {
    signal: inTime,
  });
  const { usage = 0, limit = 0, stats = {} } = memory_stats;
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return {
    atMs: Date.parse(read),
    cpuMs: cpu_stats.cpu_usage.total_usage / 1e6,
    memory: Math.max(0, usage - cache),
    memoryLimit: limit,
    pids: pids_stats.current ?? 0,
  };
}
