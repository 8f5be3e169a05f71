/** One connection of SSH: who it is, what it carries, and when it is over. */
import type { Socket } from "node:net";
import type { Bucket } from "../bucket.ts";
import type { Clock } from "../types.ts";
import type { Guest, Peer } from "./door.ts";

/** How long clients have to be told that the server closes, or that their log-in has ended. */
export const FAREWELL_MS = 4_000;

export class Client implements Guest {
  /** silent: it has not logged in. */
  phase: "silent" | "known" | "over" = "silent";
  readonly gone = new AbortController();
  /** Aborted when its user's log-in has ended: it gets nothing new, and is cut soon. */
  readonly dismissed = new AbortController();
  readonly channels = new Set<Promise<void>>();
  readonly forwards = new Set<Promise<void>>();
  receivedBytes = 0;
  /** The user's, once it is known who that is. */
  allowance: Bucket | null = null;

  constructor(readonly raw: Socket, readonly peer: Peer) {}

  get source(): string {
    return this.peer.source;
  }

  get yields(): boolean {
    return this.channels.size === 0 && this.forwards.size === 0;
  }

  cut(): void {
    this.raw.destroy();
  }

  /** Its user's log-in has ended: those with a session are told by that, and have a moment to hear it. */
  dismiss(clock: Clock): void {
    this.dismissed.abort();
    if (this.channels.size === 0) return this.cut();
    const late = clock.timer(FAREWELL_MS, () => this.cut());
    this.raw.once("close", () => late[Symbol.dispose]());
  }

  /** Nothing can be said to it any more. */
  leave(): void {
    this.phase = "over";
    this.gone.abort(new Error("the client is gone"));
  }
}
