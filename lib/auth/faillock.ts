/** Shuts out who guesses, by name and address, in the manner of pam_faillock(8); pure. */

/** The most pairs, names and addresses each whose failures are remembered; the oldest is forgotten. */
export const TRACKED = 10_000;

/** How long a pair's failures count towards its next lock: after one, each failure locks it again. */
export const PAIR_MEMORY_MS = 24 * 3600 * 1000;

/** From many addresses together a name stands so many times what one address may. */
const NAME_FACTOR = 10;

/** So many failures an address may have at once, whatever the names, and one more each time. */
const SOURCE_FAILURES = 30;
const SOURCE_FACTOR = 6;
const SOURCE_EVERY_MS = 20_000;

/** Who tries: a name, or what stands for one, and the address, or the network of it. */
export interface Attempt {
  readonly name: string;
  readonly source: string;
}

/** What is shut out: the name from one address, the name from where its user never was, an address. */
export type LockKind = "pair" | "name" | "source";

/** Whether somebody may try now. */
export type FaillockState =
  | { readonly locked: false }
  | { readonly locked: true; readonly kind: LockKind; readonly retryAfterMs: number };

/** How many failures lock a name for an address, and for how long. */
export interface FaillockLimits {
  readonly deny: number;
  readonly unlockTimeMs: number;
}

/** A lock of a name that holds now. */
export interface Lock {
  readonly name: string;
  /** Null for all addresses where its user never was. */
  readonly source: string | null;
  readonly failures: number;
  /** Unix time in milliseconds. */
  readonly untilMs: number;
}

interface Failures {
  readonly count: number;
  /** Unix time in milliseconds. */
  readonly latestMs: number;
}

/** What is remembered, as it is kept on disk; a pair is called "NAME ADDRESS". */
export interface FaillockRecord {
  readonly pairs: readonly (readonly [pair: string, count: number, latestMs: number])[];
  readonly names: readonly (readonly [name: string, count: number, latestMs: number])[];
  readonly sources: readonly (readonly [source: string, count: number, latestMs: number])[];
}

type Kept = Map<string, Failures>;

/**
 * Counts failures three ways. `deny` of them lock a name for the address they came from, for
 * `unlockTimeMs`. Ten times as many from addresses that are not known to be the user's lock it for
 * all of those. And an address that fails with many names may go on slowly.
 *
 * Times are Unix times, as what is remembered outlives the process.
 */
export class Faillock {
  readonly #limits: FaillockLimits;
  /** In each the one that failed longest ago comes first. */
  readonly #pairs: Kept = new Map();
  readonly #names: Kept = new Map();
  readonly #sources: Kept = new Map();

  /** @param limits looked at each time, as they may change */
  constructor(limits: FaillockLimits) {
    this.#limits = limits;
  }

  /** @param isKnown whether the user has logged in from that address: then it alone counts */
  check({ name, source }: Attempt, isKnown: boolean, nowMs: number): FaillockState {
    const { deny, unlockTimeMs } = this.#limits;
    const pair = this.#pairs.get(pairOf(name, source));
    const pairMs = lockMs(pair, deny, unlockTimeMs, nowMs);
    if (pairMs > 0) return { locked: true, kind: "pair", retryAfterMs: pairMs };
    if (isKnown) return { locked: false };
    const nameMs = lockMs(this.#names.get(name), deny * NAME_FACTOR, unlockTimeMs, nowMs);
    if (nameMs > 0) return { locked: true, kind: "name", retryAfterMs: nameMs };
    const over = this.#sourceCount(source, nowMs) - this.#sourceFailures();
    if (over <= -1) return { locked: false };
    return { locked: true, kind: "source", retryAfterMs: Math.round((over + 1) * SOURCE_EVERY_MS) };
  }

  /**
   * Counts one failure; what is locked is to be asked of `check` and not tried.
   *
   * @returns what it has locked
   */
  fail({ name, source }: Attempt, isKnown: boolean, nowMs: number): LockKind | null {
    const { deny, unlockTimeMs } = this.#limits;
    const pair = pairOf(name, source);
    const pairCount = 1 + countOf(this.#pairs.get(pair), nowMs - pairMemoryMs(unlockTimeMs));
    keep(this.#pairs, pair, { count: pairCount, latestMs: nowMs });
    if (isKnown) return pairCount >= deny ? "pair" : null;
    const before = this.#names.get(name);
    // After a lock of all it begins again, or one failure now and then would shut the user out.
    const goesOn = (before?.count ?? 0) < deny * NAME_FACTOR;
    const nameCount = 1 + (goesOn ? countOf(before, nowMs - unlockTimeMs) : 0);
    keep(this.#names, name, { count: nameCount, latestMs: nowMs });
    const sourceCount = 1 + this.#sourceCount(source, nowMs);
    keep(this.#sources, source, { count: sourceCount, latestMs: nowMs });
    if (nameCount >= deny * NAME_FACTOR) return "name";
    if (pairCount >= deny) return "pair";
    return sourceCount > this.#sourceFailures() - 1 ? "source" : null;
  }

  /** Forgets the failures of the pair. @returns whether there were any */
  succeed({ name, source }: Attempt): boolean {
    return this.#pairs.delete(pairOf(name, source));
  }

  /** Forgets all failures of the name. @returns whether there were any */
  forget(name: string): boolean {
    let any = this.#names.delete(name);
    for (const pair of this.#pairs.keys()) {
      if (partsOf(pair).name === name) any = this.#pairs.delete(pair);
    }
    return any;
  }

  /** The locks of names that hold now. */
  locks(nowMs: number): Lock[] {
    const { deny, unlockTimeMs } = this.#limits;
    const locksOf = (
      kept: Kept,
      most: number,
      parts: (key: string) => Pick<Lock, "name" | "source">,
    ) =>
      [...kept].flatMap(([key, failures]) => {
        const forMs = lockMs(failures, most, unlockTimeMs, nowMs);
        return forMs > 0
          ? [{ ...parts(key), failures: failures.count, untilMs: nowMs + forMs }]
          : [];
      });
    return [
      ...locksOf(this.#pairs, deny, partsOf),
      ...locksOf(this.#names, deny * NAME_FACTOR, (name) => ({ name, source: null })),
    ];
  }

  /** What is remembered, without what counts no more. */
  record(nowMs: number): FaillockRecord {
    const { unlockTimeMs } = this.#limits;
    const since = (kept: Kept, memoryMs: number) =>
      [...kept].filter(([, { latestMs }]) => nowMs < latestMs + memoryMs)
        .map(([key, { count, latestMs }]) => [key, count, latestMs] as const);
    return {
      pairs: since(this.#pairs, pairMemoryMs(unlockTimeMs)),
      names: since(this.#names, unlockTimeMs),
      sources: since(this.#sources, SOURCE_EVERY_MS * this.#sourceFailures()),
    };
  }

  /** Remembers what a process before this one did. */
  restore({ pairs, names, sources }: FaillockRecord, nowMs: number): void {
    for (
      const [kept, entries] of [
        [this.#pairs, pairs],
        [this.#names, names],
        [this.#sources, sources],
      ] as const
    ) {
      // A clock that was set back makes no lock longer.
      for (const [key, count, latestMs] of entries) {
        keep(kept, key, { count, latestMs: Math.min(latestMs, nowMs) });
      }
    }
  }

  #sourceFailures(): number {
    return Math.max(SOURCE_FAILURES, SOURCE_FACTOR * this.#limits.deny);
  }

  /** Failures of the address that still count: one less each `SOURCE_EVERY_MS`. */
  #sourceCount(source: string, nowMs: number): number {
    const { count, latestMs } = this.#sources.get(source) ?? { count: 0, latestMs: nowMs };
    return Math.max(0, count - Math.max(0, nowMs - latestMs) / SOURCE_EVERY_MS);
  }
}

/** A name has no space in it, and neither has what stands for one. */
function pairOf(name: string, source: string): string {
  return `${name} ${source}`;
}

function partsOf(pair: string): { readonly name: string; readonly source: string } {
  const space = pair.indexOf(" ");
  return { name: pair.slice(0, space), source: pair.slice(space + 1) };
}

function pairMemoryMs(unlockTimeMs: number): number {
  return Math.max(unlockTimeMs, PAIR_MEMORY_MS);
}

/** How long these failures lock yet; 0 or less for not at all. */
function lockMs(
  failures: Failures | undefined,
  most: number,
  unlockTimeMs: number,
  nowMs: number,
): number {
  if (failures === undefined || failures.count < most) return 0;
  // A clock that was set back makes no lock longer.
  return Math.min(unlockTimeMs, failures.latestMs + unlockTimeMs - nowMs);
}

function countOf(failures: Failures | undefined, sinceMs: number): number {
  return failures !== undefined && failures.latestMs > sinceMs ? failures.count : 0;
}

function keep(kept: Kept, key: string, failures: Failures): void {
  kept.delete(key);
  kept.set(key, failures);
  if (kept.size > TRACKED) {
    const [oldest] = kept.keys();
    kept.delete(oldest!);
  }
}
