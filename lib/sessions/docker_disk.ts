/** What Docker's containers take of the disk, by the cheapest ways there are. */
import type { Docker, Info } from "deno-docker-api";
import { statfs } from "node:fs/promises";
import type { DiskSpace } from "./disk_space.ts";

/** Where containerd keeps containers' files, where Docker leaves those to it (containerd's default). */
const CONTAINERD_ROOT = "/var/lib/containerd";
/** Of the kernel's count of pages that were charged (cgroup v1). */
const PAGE_BYTES = 4096;

/** Where the files of containers are on this machine. */
export function rootOf({ DockerRootDir, DriverStatus }: Info): string {
  const byContainerd = DriverStatus.some(([, value]) => value === "io.containerd.snapshotter.v1");
  return byContainerd ? CONTAINERD_ROOT : DockerRootDir;
}

/**
 * The room in the file system of a directory. Nobody needs a right to the directory itself, only to
 * those above it. Null where it is not on this machine.
 */
export async function spaceAt(directory: string): Promise<DiskSpace | null> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(directory);
    return { freeBytes: bavail * bsize, freeFiles: ffree, totalFiles: files };
  } catch {
    return null;
  }
}

/**
 * The sizes of a container's files that its image does not have. Docker looks at each file, a
 * microsecond or two of its time; holes in a file count, and one that is deleted but open does not.
 *
 * By a list of one: that does not wait for the container's lock, which is held while its output
 * is not read.
 */
export async function heldBytes(
  { containers }: Pick<Docker, "containers">,
  container: string,
  signal: AbortSignal,
): Promise<number> {
  const [found] = await containers.list({ all: true, ids: [container], size: true, signal });
  return found?.SizeRw ?? 0;
}

/**
 * How much a container has written at most since its start: by the disk's count (cgroup v2), or by
 * the pages that went through its memory (v1, which counts no writes that are put off). An engine
 * that tells neither tells what its files take now.
 */
export async function writtenBytes(
  { containers }: Docker,
  container: string,
  signal: AbortSignal,
): Promise<number> {
  const { blkio_stats, memory_stats } = await containers.stats(container, { signal });
  const pages = memory_stats.stats?.total_pgpgin;
  if (pages !== undefined) return pages * PAGE_BYTES;
  // What goes through several devices, as with LVM, is counted by each.
  const counts = blkio_stats?.io_service_bytes_recursive ?? [];
  if (counts.length === 0) return await heldBytes({ containers }, container, signal);
  const writes = counts.filter(({ op }) => op.toLowerCase() === "write");
  return Math.max(0, ...writes.map(({ value }) => value));
}
