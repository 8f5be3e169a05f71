/** What can be done with files, by the id of what they are in: a container, a session, a machine. */
import type { Amends, Entry, Listing, Place, Removal } from "../../protocol/files.ts";

/** Where a shell is, as its container tells. */
export type Standing = Omit<Place, "maxBytes">;

/** A file or a folder on its way out. */
export interface Download {
  readonly kind: "file" | "folder";
  /** How much `body` has; null where that is not known before. */
  readonly bytes: number | null;
  /** Another one once the file is another; null of a folder, and of what cannot be told apart. */
  readonly version: string | null;
  /** A file's bytes, a folder as an archive; cancelling it lets go of all. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** How a folder is packed. */
export type Packing = "tar" | "zip";

/** A file or a folder on its way in. */
export interface Upload {
  /** Of a folder: `body` is a tar of what is in it. */
  readonly kind: "file" | "folder";
  /** How much `body` has; null of a file that ends where it ends. */
  readonly bytes: number | null;
  readonly body: ReadableStream<Uint8Array>;
  /** Whether what has the name already gives way. */
  readonly replace: boolean;
  /** A file's permissions, as chmod(1) takes them; what is usual unless given. */
  readonly mode?: number | undefined;
  /** The version that gives way, of which there must be a file; "*" for any. */
  readonly match?: string | undefined;
}

/**
 * Files as the shell's own user has them: what that user may not read or write is refused. All paths
 * are as `cleanPath` gives them. Each call rejects with a `FilesError`, or with its signal's reason.
 */
export interface Files {
  place(of: string, signal: AbortSignal): Promise<Standing>;
  /** What is under a path; of a link the link itself. */
  stat(of: string, path: string, signal: AbortSignal): Promise<Entry>;
  list(of: string, path: string, signal: AbortSignal): Promise<Listing>;
  /** The signal ends it at any time. */
  read(of: string, path: string, packing: Packing, signal: AbortSignal): Promise<Download>;
  /** Resolves when all is in its place; until then, and when it fails, nothing is there. */
  write(of: string, path: string, upload: Upload, signal: AbortSignal): Promise<void>;
  /** Gives a file or a folder another path, which nothing may have. */
  move(of: string, from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Removes a file, a link or a folder with all that is in it, or `only` one of these. */
  remove(of: string, path: string, signal: AbortSignal, only?: Removal): Promise<void>;
  /** Gives a file or a folder other permissions, or another time of its last change. */
  amend(of: string, path: string, amends: Amends, signal: AbortSignal): Promise<void>;
}

/** Files of sessions and machines, by `session.id` and `machineKey`, with what one upload may have. */
export interface SessionFiles extends Omit<Files, "place"> {
  place(session: string, signal: AbortSignal): Promise<Place>;
}
