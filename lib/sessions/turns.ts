/** Whose session starts when: who starts many waits, and not those who start one. */
import { Bucket } from "../bucket.ts";
import { abortable, sleep } from "../clock.ts";
import type { Clock } from "../types.ts";

/** So many starts of one user begin at once, and another each second. */
const STARTS = { most: 3, perSecond: 1 };
/** Who has begun another session so lately leaves ready shells to others. */
const LATELY_MS = 1_200;
/** How many containers are made for one user at a time: while nobody else is there, and otherwise. */
const COLD_ALONE = 4, COLD_BESIDE_OTHERS = 1;

/** How it stands with one user. */
class Standing {
  /** How many may begin; below zero, so many wait for their turn. */
  readonly starts: Bucket;
  /** When the last one began, and the one before. */
  lastMs = -Infinity;
  beforeMs = -Infinity;
  /** Containers that are being made. */
  cold = 0;
  /** Resolves when one less is. */
  made = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.starts = new Bucket(clock, STARTS);
  }
}

/** One for all sessions of a gateway. While nobody else is there, nobody is slowed down. */
export class Turns {
  /** As many as there are people with an account. */
  readonly #standings = new Map<string, Standing>();

  /** @param othersThan whether others are there, who would feel a user's starts */
  constructor(
    private readonly clock: Clock,
    private readonly othersThan: (user: string) => boolean,
  ) {}

  /** Waits for a user's turn to begin one more session, or until the signal is aborted. */
  async begin(user: string, signal: AbortSignal): Promise<void> {
    const standing = this.#of(user);
    const { starts } = standing;
    starts.spend(1);
    if (!this.othersThan(user)) {
      starts.spend(Math.min(0, starts.level));
    } else if (starts.level < 0) {
      await sleep(starts.waitMs, this.clock, signal);
      if (signal.aborted) return void starts.spend(-1);
    }
    standing.beforeMs = standing.lastMs;
    standing.lastMs = this.clock.now();
  }

  /**
   * Whether a user whose session has just begun leaves ready shells to others, having begun another
   * one shortly before.
   */
  leavesReady(user: string): boolean {
    const { lastMs, beforeMs } = this.#of(user);
    return lastMs - beforeMs < LATELY_MS && this.othersThan(user);
  }

  /** Waits until a container may be made for a user; what it returns is disposed when it is made. */
  async make(user: string, signal: AbortSignal): Promise<Disposable> {
    const standing = this.#of(user);
    while (standing.cold >= (this.othersThan(user) ? COLD_BESIDE_OTHERS : COLD_ALONE)) {
      await abortable(standing.made.promise, signal);
    }
    standing.cold++;
    return {
      [Symbol.dispose]: () => {
        standing.cold--;
        standing.made.resolve();
        standing.made = Promise.withResolvers();
      },
    };
  }

  #of(user: string): Standing {
    const known = this.#standings.get(user) ?? new Standing(this.clock);
    this.#standings.set(user, known);
    return known;
  }
}
