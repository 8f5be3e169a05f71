/** Ends a session that takes more of the disk than it may, and starts none when the disk is nearly full. */
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import { DiskBlame } from "./disk_blame.ts";
import {
  describeSpace,
  type DiskSpace,
  isAmple,
  NO_ROOM,
  type Shortage,
  shortage,
} from "./disk_space.ts";
import { diskFull, overDisk, sizeInWords } from "./endings.ts";
import type { Engine } from "./engine.ts";
import { LimitError } from "./errors.ts";
import type { Session } from "./session.ts";

/** How often free space is looked at while sessions live; that costs a system call. */
const TICK_MS = 250;
/** How many sessions are measured at once. */
const MEASURES = 4;
/** A session is measured for a fifth of the time at most: the more files, the less often. */
const PATIENCE = 4;
/** After a measurement that failed, or where the disk cannot be seen. */
const RETRY_MS = 10_000;
/** How long the end of one session may take to show before the next is ended. */
const RELIEF_MS = 5_000;
/** What the watch needs. */
export interface DiskWatchParts {
  readonly engine: Pick<Engine, "space" | "heldBytes" | "writtenBytes" | "limitsDisk">;
  /** All sessions. */
  readonly sessions: () => readonly Session[];
  readonly minFreeBytes: () => number;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What is known of one session. */
interface Account {
  /** What it held at most when it was last measured, and how much all had written by then. */
  heldBytes: number;
  consumedBytes: number;
  notBeforeMs: number;
}

/**
 * Free space tells for nothing how much all together have written. Only when that could bring a
 * session over its limit is that session measured, which costs the engine a look at each file.
 */
export class DiskWatch {
  readonly #parts: DiskWatchParts;
  readonly #accounts = new WeakMap<Session, Account>();
  readonly #measuring = new Set<Session>();
  #watching: Promise<void> | null = null;
  #space: DiskSpace | null = null;
  /** What free space has shrunk by, not counting what came back in between. */
  #consumedBytes = 0;
  /** "blind": free space cannot be seen; "helpless": it is low, and no session is why. */
  #phase: "blind" | "ample" | "low" | "helpless" = "ample";
  readonly #blame: DiskBlame;
  #relief: Promise<void> | null = null;
  #reliefNotBeforeMs = -Infinity;

  constructor(parts: DiskWatchParts) {
    this.#parts = parts;
    this.#blame = new DiskBlame(parts);
  }

  /** Whether there is too little left to start anything. */
  get isLow(): boolean {
    return this.#phase === "low" || this.#phase === "helpless";
  }

  /** Whether sessions are kept to their limit, by the engine or by this. */
  get bounds(): boolean {
    return this.#parts.engine.limitsDisk === true || this.#space !== null;
  }

  /** Looks now, and says whether there is too little. */
  async look(): Promise<boolean> {
    await this.#look();
    return this.isLow;
  }

  /**
   * Looks whether a session may begin.
   *
   * @throws {LimitError} with a sentence for the user when the disk is nearly full
   */
  async admit(): Promise<void> {
    if (await this.look()) throw new LimitError(NO_ROOM, "server");
  }

  /** Watches from now on, until no session lives. */
  follow(session: Session): void {
    const consumedBytes = this.#consumedBytes;
    this.#accounts.set(session, { heldBytes: 0, consumedBytes, notBeforeMs: -Infinity });
    this.#watching ??= this.#watch();
  }

  /** Resolves when nothing is under way any more; the signal must have been aborted. */
  async over(): Promise<void> {
    await this.#watching;
    await this.#relief;
  }

  async #watch(): Promise<void> {
    const { sessions, clock, signal } = this.#parts;
    try {
      do {
        const space = await this.#look();
        if (space !== null) this.#keep(space);
        await sleep(this.#phase === "blind" ? RETRY_MS : TICK_MS, clock, signal);
      } while (!signal.aborted && sessions().length > 0);
    } finally {
      // In the same breath as the last look for sessions: the next one begins another watch.
      this.#watching = null;
    }
  }

  #keep(space: DiskSpace): void {
    const { clock, minFreeBytes } = this.#parts;
    this.#measureSuspects();
    const lacks = shortage(space, minFreeBytes(), 0.5);
    if (lacks === null || clock.now() < this.#reliefNotBeforeMs) return;
    this.#relief ??= this.#relieve(lacks).finally(() => {
      this.#reliefNotBeforeMs = clock.now() + RELIEF_MS;
      this.#relief = null;
    });
  }

  async #look(): Promise<DiskSpace | null> {
    const { engine, minFreeBytes, log, signal } = this.#parts;
    let space: DiskSpace | null;
    try {
      space = await engine.space(signal);
    } catch {
      return null; // the engine is away
    }
    if (space === null) {
      if (this.#phase !== "blind" && engine.limitsDisk === false) log.warning(BLIND);
      this.#phase = "blind";
      return null;
    }
    const before = this.#space ?? space;
    this.#consumedBytes += Math.max(0, before.freeBytes - space.freeBytes);
    this.#space = space;
    const told = { free: describeSpace(space), min_free: sizeInWords(minFreeBytes()) };
    if (this.#phase === "blind") this.#phase = "ample";
    if (this.#phase === "ample" && shortage(space, minFreeBytes()) !== null) {
      this.#phase = "low";
      log.warning("the disk of Docker's data is nearly full: no session starts, no pull", told);
      this.#blame.begin();
    } else if (this.isLow && isAmple(space, minFreeBytes())) {
      this.#phase = "ample";
      log.notice("the disk of Docker's data has room again", told);
    }
    return space;
  }

  /** What a session can hold at most by now. */
  #mostBytes({ heldBytes, consumedBytes }: Account): number {
    return heldBytes + this.#consumedBytes - consumedBytes;
  }

  #measureSuspects(): void {
    const { engine, sessions, clock, signal } = this.#parts;
    if (engine.limitsDisk !== false || signal.aborted) return;
    const now = clock.now();
    const suspects = sessions().map((session) => ({ session, account: this.#account(session) }))
      .filter(({ session, account }) =>
        session.phase === "live" && !this.#measuring.has(session) && now >= account.notBeforeMs &&
        this.#mostBytes(account) >= session.profile.limits.diskBytes
      )
      // Who holds most already, and then who was active last, is most likely the one.
      .sort((a, b) =>
        b.account.heldBytes - a.account.heldBytes || a.session.idleMs - b.session.idleMs
      );
    for (const { session } of suspects.slice(0, MEASURES - this.#measuring.size)) {
      void this.#measure(session);
    }
  }

  async #measure(session: Session): Promise<void> {
    const { engine, clock, signal } = this.#parts;
    const account = this.#account(session);
    const { diskBytes } = session.profile.limits;
    const fromMs = clock.now(), consumedBytes = this.#consumedBytes;
    this.#measuring.add(session);
    try {
      const bytes = await engine.heldBytes(session.container, signal);
      // Never more than was really written: files may have holes.
      account.heldBytes = Math.min(bytes, this.#mostBytes(account));
      account.consumedBytes = consumedBytes;
      if (account.heldBytes < diskBytes) return;
      session.end(overDisk(bytes, diskBytes));
      account.notBeforeMs = Infinity;
    } catch {
      account.notBeforeMs = clock.now() + RETRY_MS;
    } finally {
      this.#measuring.delete(session);
      const now = clock.now();
      account.notBeforeMs = Math.max(account.notBeforeMs, now + PATIENCE * (now - fromMs));
      this.#measureSuspects();
    }
  }

  /** Ends the session that takes most of what runs out. */
  async #relieve(lacks: NonNullable<Shortage>): Promise<void> {
    const { log } = this.#parts;
    const worst = lacks === "bytes" ? await this.#blame.writer() : await this.#blame.hoarder();
    if (!this.isLow || worst === "unknown") return;
    if (worst === null) {
      if (this.#phase === "helpless") return;
      log.error("the disk of Docker's data is almost full, and no session is known to fill it");
      this.#phase = "helpless";
      return;
    }
    const { session, writtenBytes } = worst;
    log.warning("the disk of Docker's data is almost full; the session that fills it is ended", {
      session: session.id,
      user: session.user,
      writtenBytes,
    });
    session.end(diskFull(writtenBytes));
  }

  #account(session: Session): Account {
    return this.#accounts.get(session)!;
  }
}

const BLIND = "container.disk is not watched: Docker cannot limit it here, and the free space of " +
  "its data cannot be seen";
