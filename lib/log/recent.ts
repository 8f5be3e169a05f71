/** What happened lately, of the entries that have an event's name. */
import type { Entry, Level } from "../log.ts";

/** How many of each kind are kept, so that none pushes the others out; and how much of one. */
const OF_A_KIND = 20, CHARACTERS = 300;

/** One of them. */
export interface RecentEntry {
  readonly at: string;
  readonly event: string;
  readonly level: Level;
  readonly text: string;
}

export class Recent {
  readonly #kinds = new Map<string, RecentEntry[]>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Looks at an entry of the log. */
  take({ level, text, fields }: Entry): void {
    const event = fields.find(([name]) => name === "event")?.[1];
    if (event === undefined) return;
    const kind = this.#kinds.get(event) ?? [];
    this.#kinds.set(event, kind);
    kind.push({ at: this.#now().toISOString(), event, level, text: text.slice(0, CHARACTERS) });
    if (kind.length > OF_A_KIND) kind.shift();
  }

  /** The newest first. */
  newest(most: number): RecentEntry[] {
    return [...this.#kinds.values()].flat().reverse()
      .sort((a, b) => a.at < b.at ? 1 : a.at > b.at ? -1 : 0).slice(0, most);
  }
}
