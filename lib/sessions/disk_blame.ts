/** Finds which session takes most of a disk that runs out. */
import { settlesWithin } from "../clock.ts";
import type { Clock } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { Session } from "./session.ts";

/** How long to wait for what sessions have written; one that is not known by then is spared. */
const ANSWER_MS = 2_000;
/** Who has written less than this while space ran out is not why it did. */
const WRITER_BYTES = 16 * 1024 ** 2;
/** Nor is somebody whose files are counted faster, when files run out. */
const MANY_FILES_MS = 500;
/** How often they are counted; the shortest time counts, as a disk or an engine may be busy. */
const COUNTS = 2;

/** What it needs. */
export interface DiskBlameParts {
  readonly engine: Pick<Engine, "heldBytes" | "writtenBytes">;
  /** All sessions. */
  readonly sessions: () => readonly Session[];
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Who it is, and what it has written, where that is why. */
export interface Blamed {
  readonly session: Session;
  readonly writtenBytes?: number;
}

/** Where it is not known who it is, it is nobody. */
export class DiskBlame {
  readonly #parts: DiskBlameParts;
  /** What sessions had written when space began to run out, or when that was first known. */
  #before = new WeakMap<Session, number>();
  /** Whether somebody was found already who has most files; if that did not help, nobody is why. */
  #foundHoarder = false;

  constructor(parts: DiskBlameParts) {
    this.#parts = parts;
  }

  /** Space begins to run out: from now on it counts who writes. */
  begin(): void {
    this.#before = new WeakMap();
    this.#foundHoarder = false;
    void this.#note();
  }

  /** Who has written most since then; "unknown" before it is known of all what they had. */
  async writer(): Promise<Blamed | "unknown" | null> {
    const known = await this.#note();
    let worst: { readonly session: Session; readonly writtenBytes: number } | null = null;
    await this.#askWritten(this.#live(), (session, bytes) => {
      const writtenBytes = bytes - (this.#before.get(session) ?? bytes);
      const least = worst?.writtenBytes ?? WRITER_BYTES;
      if (writtenBytes >= least) worst = { session, writtenBytes };
    });
    return worst ?? (known ? null : "unknown");
  }

  /** Whose files take longest to count; one session at most until space begins to run out again. */
  async hoarder(): Promise<Blamed | null> {
    if (this.#foundHoarder) return null;
    let worst: { readonly session: Session; readonly countMs: number } | null = null;
    for (const session of this.#live()) {
      const countMs = await this.#countMs(session);
      if (countMs >= (worst?.countMs ?? MANY_FILES_MS)) worst = { session, countMs };
    }
    if (worst === null) return null;
    this.#foundHoarder = true;
    return { session: worst.session };
  }

  /** Notes what sessions have written. @returns whether that was known already of all */
  async #note(): Promise<boolean> {
    const before = this.#before;
    const unknown = this.#live().filter((session) => !before.has(session));
    await this.#askWritten(unknown, (session, bytes) => {
      if (!before.has(session)) before.set(session, bytes);
    });
    return unknown.length === 0;
  }

  /** How long the engine looks at a session's files, without what any answer of it takes. */
  async #countMs({ container }: Session): Promise<number> {
    const { engine, clock, signal } = this.#parts;
    let leastMs = Infinity;
    try {
      for (let i = 0; i < COUNTS; i++) {
        const fromMs = clock.now();
        await engine.writtenBytes(container, signal);
        const askedMs = clock.now();
        await engine.heldBytes(container, signal);
        leastMs = Math.min(leastMs, clock.now() - askedMs - (askedMs - fromMs));
      }
      return leastMs;
    } catch {
      return 0; // it has just ended, or the engine is away
    }
  }

  /** Asks what sessions have written; who is gone, or not answered for in time, is left out. */
  async #askWritten(
    sessions: readonly Session[],
    take: (session: Session, bytes: number) => void,
  ): Promise<void> {
    const { engine, clock, signal } = this.#parts;
    const asked = sessions.map(async (session) =>
      take(session, await engine.writtenBytes(session.container, signal))
    );
    await settlesWithin(Promise.allSettled(asked), ANSWER_MS, clock);
  }

  #live(): readonly Session[] {
    return this.#parts.sessions().filter(({ phase }) => phase === "live");
  }
}
