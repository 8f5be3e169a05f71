/** Whether the server can spare memory for shells that nobody uses yet. */
import type { Profile } from "../types.ts";

/** The share of the server's memory that is left alone. */
const RESERVE = 0.1;

/** What Deno.systemMemoryInfo says, in bytes. */
export type MemoryInfo = Pick<Deno.SystemMemoryInfo, "total" | "free" | "available">;

/**
 * True when a container that takes all it may would leave the server short.
 *
 * Where /proc/meminfo is hidden (ProcSubset=pid, systemd.exec(5)), what is available is not known:
 * Deno then gives what is free, without what the caches would give back. That is no reason to do
 * without ready shells.
 */
export function memoryIsLow(
  { limits }: Profile,
  { total, free, available }: MemoryInfo = Deno.systemMemoryInfo(),
): boolean {
  if (available === free) return false;
  return available < Math.max(limits.memoryBytes, total * RESERVE);
}
