/** What SSH asks of the gateway that it belongs to. */
import type { Opening } from "../agent/agent.ts";
import type { Bucket } from "../bucket.ts";
import type { Keys } from "../auth/keys.ts";
import type { AuthRefusal, AuthStack } from "../auth/stack.ts";
import type { Log } from "../log.ts";
import type { CountingLog } from "../log/counting.ts";
import type { PortStream } from "../protocol/port_stream.ts";
import type { SessionFiles } from "../sessions/files/files.ts";
import type { Clock, Winsize } from "../types.ts";

/** Who holds a place among connections. */
export interface Guest {
  readonly source: string;
  /** Whether it can be cut for another's sake. */
  readonly yields: boolean;
  cut(): void;
}

/** Where connections have places, of which an address has its share. */
export interface Places {
  enter(guest: Guest): boolean;
  leave(guest: Guest): boolean;
}

/** A client's address, and the unit of shares that it belongs to. */
export interface Peer {
  readonly remote: string;
  readonly source: string;
}

/** Somebody who has logged in. */
export interface Visitor extends Peer {
  readonly user: string;
  /** The named machine that they ask for; null for a fresh container. */
  readonly machine: string | null;
  /** Aborted when the key is removed by which they came; null where they came by a password. */
  readonly ended: AbortSignal | null;
}

/** A session that they begin. */
export interface Wanted {
  readonly winsize: Winsize;
  /** What runs in the place of a shell. */
  readonly command: readonly string[] | undefined;
  /** Whether that is a command without a terminal, which the client names in its first message. */
  readonly run?: boolean;
}

/** The files of a visitor's machine; disposing it lets go of them. */
export interface VisitorFiles extends Disposable {
  readonly files: SessionFiles;
  /** What the agent knows the machine by. */
  readonly of: string;
  /** What relative paths begin at. */
  readonly home: string;
  /** Aborted with why they are there no more, in a sentence. */
  readonly over: AbortSignal;
}

export interface Door {
  readonly clock: Clock;
  readonly log: Log;
  readonly counted: CountingLog;
  readonly stack: AuthStack;
  readonly keys: Pick<Keys, "find" | "use">;
  /** Shown before the log-in; may be empty. */
  readonly banner: string;
  /** Of all connections, and of those that have not logged in. */
  readonly places: Places;
  readonly strangers: Places;
  /**
   * Calls back when the thread has time for a connection of that source; disposing ends the wait.
   * Null where too many of that source wait.
   */
  turn(source: string, work: () => void): Disposable | null;
  /** What a user's clients may send, of which every key exchange takes some as well. */
  allowanceOf(user: string): Bucket;
  /** The unit of shares that an address belongs to. */
  sourceOf(address: string): string;
  /** Writes down a log-in that was refused. */
  refused(refusal: AuthRefusal, name: string, peer: Peer): void;
  /**
   * Serves a client until its connection is over.
   *
   * @throws {Error} in a sentence for the person, while nothing has been answered
   */
  serve(opening: Opening, visitor: Visitor, wanted: Wanted, gone: AbortSignal): Promise<void>;
  /**
   * Has a port of the visitor's machine connected until `use` ends, or who they are does.
   *
   * @throws {Error} in a sentence for the person, while there is no connection
   */
  withPort(
    visitor: Visitor,
    port: number,
    gone: AbortSignal,
    use: (stream: PortStream) => Promise<void>,
  ): Promise<void>;
  /** Tells of a change of the account, such as another password; disposing it ends that. */
  follow(user: string): Disposable & { readonly changed: AbortSignal };
  /** Has a visitor's machine run, for its files. @throws {Error} in a sentence for the person */
  files(visitor: Visitor, gone: AbortSignal): Promise<VisitorFiles>;
  /** Ends the session of a visitor who has hung up. */
  end(session: string, visitor: Visitor): Promise<void>;
}
