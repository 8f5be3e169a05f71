/** The seam: one machine's terminals as a gateway sees them, in its own process or behind a socket. */
import type { Duplex } from "node:stream";
import type { Ending } from "../sessions/endings.ts";
import type { Winsize } from "../types.ts";

/** A client's opening of a WebSocket, let in and not answered yet (RFC 6455, section 4.2.2). */
export interface Opening {
  /** Its `Sec-WebSocket-Key`. */
  readonly key: string;
  readonly connection: Duplex;
  /** What came behind the head of its request. */
  readonly ahead: Uint8Array;
}

/** Who comes, which an agent believes its gateway, and what for. */
export interface Visit {
  readonly user: string;
  /** The client's address, and the unit of shares that it belongs to. */
  readonly remote: string;
  readonly source: string;
  readonly winsize: Winsize;
  /** The session to come back to, and up to which offset its output is known. */
  readonly resume: { readonly session: string; readonly offset: number } | null;
}

/** Why a gateway parts with a client: the reason of the signal that {@linkcode Agent.serve} is given. */
export type Dismissal =
  /** Its login is over; with its account its sessions end as well, in these words. */
  | { readonly why: "login"; readonly ended: Ending | null }
  /** The gateway restarts. */
  | { readonly why: "restart" };

/** A session, as others see it. */
export interface SessionInfo {
  readonly id: string;
  readonly user: string;
  readonly image: string;
  /** The id of its container in the engine. */
  readonly container: string;
  /** ISO 8601. */
  readonly started: string;
  /** live, left (to the next agent), ending (its container is being removed) or gone. */
  readonly phase: "live" | "left" | "ending" | "gone";
  readonly attached: boolean;
  /** The address of its viewer, or of the last one. */
  readonly remote: string | null;
  readonly idleSeconds: number;
  readonly outputBytes: number;
  /** The offset of the next byte of output. */
  readonly offset: number;
}

/** What an agent has done since it began, and has ready. */
export interface Counts {
  readonly sessions: number;
  readonly attached: number;
  readonly ready: number;
  readonly draining: boolean;
  readonly started: number;
  /** How many sessions ended, by reason. */
  readonly ended: Readonly<Record<string, number>>;
  /** What clients did, by event and reason; those that a gateway sees itself are not in it. */
  readonly events: readonly {
    readonly event: string;
    readonly why: string;
    readonly count: number;
  }[];
}

/** A drain, as an administrator orders it. */
export interface DrainOrder {
  /** When the sessions end, in Unix milliseconds; null for never. */
  readonly endsAtMs: number | null;
  /** For everybody; may be empty. */
  readonly message: string;
}

/** A drain, as it stands. */
export interface DrainInfo {
  readonly draining: boolean;
  /** ISO 8601. */
  readonly since: string | null;
  readonly endsAt: string | null;
  readonly message: string;
  readonly sessions: number;
}

/** The agent does not answer; nothing is known of what it has. */
export class AgentAwayError extends Error {
  override readonly name = "AgentAwayError";
}

/**
 * What a gateway asks of a machine. A terminal's own verbs (input, acknowledgements, sizes) are the
 * frames of its connection, which reach the agent as the client sent them.
 *
 * Each call but the first rejects with an {@linkcode AgentAwayError} where nobody answers.
 */
export interface Agent {
  /**
   * Serves a client until its connection is over: starts a session, or goes on with one.
   *
   * @param dismissed aborted with a {@linkcode Dismissal}
   * @throws {AgentAwayError} while nothing has been answered yet
   */
  serve(opening: Opening, visit: Visit, dismissed: AbortSignal): Promise<void>;
  /** The sessions, the oldest first; waits for those of an agent before this one. */
  list(): Promise<readonly SessionInfo[]>;
  /** Ends a session; resolves once its container is gone, or to why that cannot be. */
  end(id: string, cause: Ending): Promise<"ended" | "unknown" | "leaving">;
  counts(): Promise<Counts>;
  /** Why it does not work, or why no session could start now, in a sentence; null when all is well. */
  whyNotLive(): Promise<string | null>;
  whyNotReady(): Promise<string | null>;
  drain(): Promise<DrainInfo>;
  /** Begins a drain, or changes the one that is on. */
  beginDrain(order: DrainOrder): Promise<DrainInfo>;
  cancelDrain(): Promise<DrainInfo>;
  /** Shows a text in every page that follows a session; resolves to how many those are. */
  broadcast(text: string): Promise<number>;
}
