/** From where each user has logged in: those addresses are theirs when others guess; pure. */

/** The most addresses of one user; the one not seen for longest gives way. */
export const SOURCES_PER_USER = 16;

/** The most users that have any; the one not seen for longest gives way. */
export const USERS = 10_000;

/** For how long an address stays known without another log-in. */
export const KNOWN_MS = 90 * 24 * 3600 * 1000;

/** How stale the time of the last log-in may be: that of each request need not be kept. */
const STALE_MS = 3600 * 1000;

/** As it is kept on disk. */
export type KnownRecord = readonly (readonly [
  name: string,
  sources: readonly (readonly [source: string, latestMs: number])[],
])[];

/** The addresses by user. Times are Unix times. */
export class KnownSources {
  /** In both the one that was seen longest ago comes first. */
  readonly #byName = new Map<string, Map<string, number>>();

  /** Whether the user has logged in from there. */
  has(name: string, source: string, nowMs: number): boolean {
    const latestMs = this.#byName.get(name)?.get(source);
    return latestMs !== undefined && nowMs < latestMs + KNOWN_MS;
  }

  /** Takes note of a log-in. @returns whether that is worth keeping */
  add(name: string, source: string, nowMs: number): boolean {
    const sources = this.#byName.get(name) ?? new Map<string, number>();
    const latestMs = sources.get(source);
    if (latestMs !== undefined && nowMs < latestMs + STALE_MS) return false;
    sources.delete(source);
    sources.set(source, nowMs);
    dropOldest(sources, SOURCES_PER_USER);
    this.#byName.delete(name);
    this.#byName.set(name, sources);
    dropOldest(this.#byName, USERS);
    return true;
  }

  /** Forgets the user's. @returns whether there were any */
  forget(name: string): boolean {
    return this.#byName.delete(name);
  }

  record(): KnownRecord {
    return [...this.#byName].map(([name, sources]) => [name, [...sources]] as const);
  }

  restore(record: KnownRecord): void {
    for (const [name, sources] of record) {
      for (const [source, latestMs] of sources) this.add(name, source, latestMs);
    }
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}
