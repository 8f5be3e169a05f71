/** The gateway's events while somebody looks at the page. */
/// <reference lib="dom" />
import type { Events } from "../../lib/protocol/events.ts";
import type { Event } from "./world.ts";

const NAMES: readonly (keyof Events)[] = [
  "snapshot",
  "nodes",
  "machine",
  "machine-gone",
  "session",
  "session-gone",
  "usage",
];

export interface LiveListener {
  told(event: Event): void;
  /** It broke off: "again" where the browser comes back by itself, "over" where it was refused. */
  lost(how: "again" | "over"): void;
}

export class Live {
  #source: EventSource | null = null;

  constructor(private readonly url: string, private readonly listener: LiveListener) {}

  /** Whether somebody looks: nothing is followed otherwise. */
  seen(isSeen: boolean): void {
    if (!isSeen) {
      this.#source?.close();
      this.#source = null;
    } else if (this.#source === null || this.#source.readyState === EventSource.CLOSED) {
      this.#source = this.#follow();
    }
  }

  #follow(): EventSource {
    const source = new EventSource(this.url);
    for (const name of NAMES) {
      source.addEventListener(name, ({ data }) => {
        this.listener.told([name, JSON.parse(data)] as unknown as Event);
      });
    }
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      this.listener.lost(source.readyState === EventSource.CLOSED ? "over" : "again");
    });
    return source;
  }
}
