/** Removes what no live gateway owns: the containers a gateway left when it could not clean up. */
import type { ContainerSummary, Engine } from "./engine.ts";

/** At most so many containers are removed at a time. */
const PARALLEL_REMOVALS = 8;

/** What a sweep did, or would do. */
export interface SweepReport {
  readonly removed: readonly ContainerSummary[];
  readonly spared: readonly ContainerSummary[];
  readonly failed: readonly { readonly container: ContainerSummary; readonly error: Error }[];
}

/**
 * Removes every container of the engine's instance that has no lease and is no probe in use.
 *
 * A lease is written before its container is created, so asking for the leases after the list
 * was taken can only err towards sparing.
 *
 * @param leased asks which sessions a live gateway owns
 * @param signal begins no further removal
 * @throws {EngineError} when the containers cannot be listed
 */
export async function sweep(
  engine: Pick<Engine, "list" | "end">,
  leased: () => Promise<ReadonlySet<string>>,
  { dryRun, signal, now = Date.now }: {
    dryRun: boolean;
    signal: AbortSignal;
    /** Unix milliseconds. */
    now?: () => number;
  },
): Promise<SweepReport> {
  const containers = await engine.list(signal);
  const owned = await leased();
  const isOwned = ({ session, probesUntil = 0 }: ContainerSummary) =>
    (session !== null && owned.has(session)) || probesUntil * 1000 > now();
  const spared = containers.filter(isOwned);
  const orphans = containers.filter((container) => !isOwned(container));
  if (dryRun) return { removed: orphans, spared, failed: [] };

  const removed: ContainerSummary[] = [];
  const failed: { container: ContainerSummary; error: Error }[] = [];
  const next = orphans.values();
  const worker = async () => {
    for (const container of next) {
      signal.throwIfAborted();
      try {
        await engine.end(container.id);
        removed.push(container);
      } catch (error) {
        failed.push({ container, error: error as Error });
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_REMOVALS }, worker));
  return { removed, spared, failed };
}
