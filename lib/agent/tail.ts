/** The last lines of the process's log, by numbers from which others go on reading without a gap. */
import { Changes } from "../changes.ts";
import type { Entry } from "../log.ts";
import {
  LINE_CHARS,
  type LogEntry,
  type LogPart,
  type LogPlace,
  PART_LINES,
} from "../protocol/log.ts";

/** How many are kept, and how many who has read none gets. */
export const KEPT_LINES = 2_000, LATEST_LINES = 100;

const TOLD = ["event", "user", "by", "session"];

export class Tail {
  readonly #now: () => Date;
  /** No other process has the same. */
  readonly #boot: string;
  readonly #changes = new Changes();
  /** The last one has the number `#number`. */
  readonly #lines: LogEntry[] = [];
  #number = 0;

  constructor(now: () => Date, boot = crypto.randomUUID().slice(0, 8)) {
    this.#now = now;
    this.#boot = boot;
  }

  /** Takes an entry of the log. */
  take({ level, text, fields }: Entry): void {
    const told = fields.filter(([name]) => TOLD.includes(name));
    const at = this.#now().toISOString();
    const short = text.slice(0, LINE_CHARS);
    this.#lines.push({ at, level, text: short, ...Object.fromEntries(told) });
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#number++;
    this.#changes.note();
  }

  /** The lines after a place, as many as are told at once; waits for one until the signal is aborted. */
  async read(after: LogPlace | null, signal: AbortSignal): Promise<LogPart> {
    for (let known: number | null = null; !signal.aborted;) {
      const part = this.#after(after);
      if (part.lines.length > 0 || part.missed !== 0) return part;
      known = await this.#changes.after(known, signal);
    }
    return this.#after(after);
  }

  #after(after: LogPlace | null): LogPart {
    const first = this.#number - this.#lines.length + 1;
    const isOther = after !== null && after.boot !== this.#boot;
    const wanted = after === null
      ? Math.max(first, this.#number - LATEST_LINES + 1)
      : isOther
      ? first
      : Math.min(after.number, this.#number) + 1;
    const from = Math.max(first, wanted);
    const lines = this.#lines.slice(from - first, from - first + PART_LINES);
    // The process before may have said more than anybody has read.
    const missed = isOther ? null : from - wanted;
    return { place: { boot: this.#boot, number: from - 1 + lines.length }, missed, lines };
  }
}
