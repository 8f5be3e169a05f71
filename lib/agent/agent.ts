/** The seam: one machine's terminals as a gateway sees them, in its own process or behind a socket. */
import type { Duplex } from "node:stream";
import type { LogPart, LogPlace } from "../protocol/log.ts";
import type { NodeStatus } from "../protocol/nodes.ts";
import type { Counts } from "../protocol/counts.ts";
import type { Overview } from "../protocol/overview.ts";
import type { DrainInfo, DrainOrder, SessionInfo } from "../protocol/resources.ts";
import type { Ending } from "../sessions/endings.ts";
import type { SessionFiles } from "../sessions/files/files.ts";
import type { MachineDeeds } from "./machines/machines_seam.ts";
import type { GuestRole, Winsize } from "../types.ts";

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
  /** The groups that they are a member of. */
  readonly groups?: readonly string[];
  /** The client's address, and the unit of shares that it belongs to. */
  readonly remote: string;
  readonly source: string;
  readonly winsize: Winsize;
  /** The node that a new session is wanted on, and for its agent what it is called; null for any. */
  readonly node: string | null;
  /** The name of what a new session runs in; null for what the machine gives by itself. */
  readonly image: string | null;
  /** The name of the user's machine that a new session is one more shell in; absent for none. */
  readonly machine?: string | null;
  /** What a new session runs in the place of a shell: a program and its arguments. */
  readonly command?: readonly string[] | undefined;
  /** Whether a new session is a command without a terminal, which the client's first message names. */
  readonly run?: boolean;
  /** How many sessions the user has on other machines, and how many they may have on all. */
  readonly elsewhere?: number;
  readonly maxPerUser?: number | null;
  /** As what they come to a session that somebody else is the viewer of; absent for its own user. */
  readonly guest?: GuestRole | undefined;
  /** The session to come back to, or to be a guest of, up to which offset its output is known, and as which viewer. */
  readonly resume: {
    readonly session: string;
    readonly offset: number;
    readonly viewer?: number | undefined;
  } | null;
}

/** Why a gateway parts with a client: the reason of the signal that {@linkcode Agent.serve} is given. */
export type Dismissal =
  /** Its login is over; with its account its sessions end as well, in these words. */
  | { readonly why: "login"; readonly ended: Ending | null }
  /** The gateway restarts. */
  | { readonly why: "restart" }
  /** A guest may be there no more, as the sentence says. */
  | { readonly why: "share"; readonly message: string };

/** The log of a process. */
export interface LogSource {
  /** The lines after a place, null for the latest; waits a while for one. */
  read(after: LogPlace | null, signal: AbortSignal): Promise<LogPart>;
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
  /**
   * Tells now and whenever its sessions or its machines are otherwise, of several changes at once a
   * single time; until the signal is aborted.
   */
  watch(told: () => void, signal: AbortSignal): Promise<void>;
  counts(): Promise<Counts>;
  /** What administrators see; who asks has the sessions measured for a few seconds. */
  overview(): Promise<Overview>;
  /** By what a gateway chooses where a session begins, and finds it again. */
  status(): Promise<NodeStatus>;
  /** Why it does not work, or why no session could start now, in a sentence; null when all is well. */
  whyNotLive(): Promise<string | null>;
  whyNotReady(): Promise<string | null>;
  drain(): Promise<DrainInfo>;
  /** Begins a drain, or changes the one that is on. */
  beginDrain(order: DrainOrder): Promise<DrainInfo>;
  cancelDrain(): Promise<DrainInfo>;
  /** Shows a text in every page that follows a session, or that one; resolves to how many those are. */
  broadcast(text: string, session?: string): Promise<number>;
  /** The files of its sessions; these calls reject with a `FilesError` as well. */
  readonly files: SessionFiles;
  /** What its process logs; null for several machines, and in the gateway's own process. */
  readonly log: LogSource | null;
  /** Its named machines, which are no sessions. */
  readonly machines: MachineDeeds;
}
