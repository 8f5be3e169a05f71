/** Counts like entries that strangers can cause at will: the first is written, then their sum. */
import type { Clock } from "../types.ts";
import { eachLevel, type Fields, type Level, type Log } from "../log.ts";

/** How long like entries are counted before their sum is written. */
export const COUNTING_MS = 60_000;
/** The most kinds of entries that are told apart; those of further sources are counted together. */
export const KINDS = 500;

/** Entries that differ in one of these are not alike. */
const TOLD_APART = ["event", "user", "unknown", "session", "why"] as const;

/** Entries of one kind since their sum was written last. */
interface Kind {
  readonly level: Level;
  readonly message: string;
  /** Those of the first one. */
  readonly fields: Fields;
  sinceMs: number;
  count: number;
}

/**
 * A log for what others do to the gateway. However much one of them does, the journal gets a line
 * at once and one a minute: `… (7722 more in 60 s)`, with the sum in the field `count`. However
 * many they are, no more than `KINDS` lines come at once.
 */
export class CountingLog implements Disposable {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  readonly #totals = new Map<string, { event: string; why: string; count: number }>();
  #timer: Disposable | null = null;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The log for what one source does: an address, a network, or another name for it. */
  of(source: string): Log {
    return eachLevel((level, message, fields = {}) => this.#write(source, level, message, fields));
  }

  /** How often each event has come since this process began, by its reason. */
  get totals(): readonly {
    readonly event: string;
    readonly why: string;
    readonly count: number;
  }[] {
    return [...this.#totals.values()];
  }

  /** Writes the sums that are due. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    for (const kind of this.#kinds.values()) this.#tell(kind);
    this.#kinds.clear();
  }

  #write(source: string, level: Level, message: string, fields: Fields): void {
    this.#count(fields);
    const alike = [level, message, ...TOLD_APART.map((name) => fields[name])];
    const own = JSON.stringify([source, ...alike]);
    const isKnown = this.#kinds.has(own);
    const isOneTooMany = !isKnown && this.#kinds.size >= KINDS;
    // The messages are the program's own, and so are not many.
    const key = isOneTooMany ? JSON.stringify([level, message, fields.event]) : own;
    const kind = this.#kinds.get(key);
    if (kind) {
      kind.count++;
      return;
    }
    this.#log[level](message, fields);
    const told = isOneTooMany ? { event: fields.event, remote: "several" } : fields;
    this.#kinds.set(key, { level, message, fields: told, sinceMs: this.#clock.now(), count: 0 });
    this.#timer ??= this.#arm();
  }

  /** Events and their reasons are words of the program's, and so are few. */
  #count({ event, why = "" }: Fields): void {
    if (event === undefined) return;
    const key = `${event} ${why}`;
    const total = this.#totals.get(key) ?? { event, why: String(why), count: 0 };
    total.count++;
    this.#totals.set(key, total);
  }

  #arm(): Disposable {
    return this.#clock.timer(COUNTING_MS, () => {
      this.#timer = null;
      for (const [key, kind] of this.#kinds) {
        if (kind.count === 0) this.#kinds.delete(key);
        else this.#tell(kind);
      }
      if (this.#kinds.size > 0) this.#timer = this.#arm();
    });
  }

  #tell(kind: Kind): void {
    const { level, message, fields, count, sinceMs } = kind;
    const now = this.#clock.now();
    [kind.count, kind.sinceMs] = [0, now];
    if (count === 0) return;
    const seconds = Math.max(1, Math.round((now - sinceMs) / 1000));
    this.#log[level](`${message} (${count} more in ${seconds} s)`, { ...fields, count });
  }
}
