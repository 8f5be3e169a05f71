/** What the rooms above need of a container engine, in typed verbs; Docker is one such engine. */
import type { Profile, StartProgress, Usage, Winsize } from "../types.ts";
import type { DiskSpace } from "./disk_space.ts";
import type { Files } from "./files/files.ts";

/** An engine that makes, reaches and removes containers. All verbs throw `EngineError`. */
export interface Engine {
  /** Resolves when the engine answers. */
  ping(signal: AbortSignal): Promise<void>;

  /** Whether an image is there, and need not be pulled. */
  hasImage(image: string, signal: AbortSignal): Promise<boolean>;

  /**
   * Creates a container, not yet running, with the profile's limits; makes its network and pulls
   * its image when they are missing.
   *
   * @returns the container's id
   */
  create(
    container: ContainerIdentity,
    profile: Profile,
    options: { winsize: Winsize; progress: (progress: StartProgress) => void; signal: AbortSignal },
  ): Promise<string>;

  /** Joins the terminal of a container; done before its start, no output is missed. */
  attach(container: string, signal: AbortSignal): Promise<ShellStream>;

  /**
   * Joins the terminal of a running container again after the connection was lost. Its programs
   * stand still for a moment, so that it is known what was printed until then.
   */
  rejoin(container: string, signal: AbortSignal): Promise<Rejoined>;

  /** Has a container's programs stand still; `rejoin` lets them go on. */
  freeze(container: string, signal: AbortSignal): Promise<void>;

  /**
   * The exit status of a container's main process, told by `incidents`, which must be followed:
   * an exit after this call is not missed. It rejects where those break off.
   *
   * @param signal lets go of it; nothing is told any more
   */
  watchExit(container: string, signal: AbortSignal): Promise<number>;

  /** The exit status of a container that has ended and is still there; null otherwise. */
  exitStatus(container: string, signal: AbortSignal): Promise<number | null>;

  start(container: string, signal: AbortSignal): Promise<void>;

  /** Tells the container's terminal its size. */
  resize(container: string, winsize: Winsize, signal: AbortSignal): Promise<void>;

  /** Kills and removes a container; resolves when it is gone, also when it was gone before. */
  end(container: string): Promise<void>;

  /** All containers of this instance, in whatever state, but for those of machines. */
  list(signal: AbortSignal): Promise<ContainerSummary[]>;

  /**
   * What befalls this instance's containers from outside, until the signal is aborted. Called
   * again, it goes on where it broke off; what came last may come twice. One at a time.
   */
  incidents(signal: AbortSignal): AsyncIterable<Incident>;

  /** What the file system of the containers has left; null where it cannot be seen from here. */
  space(signal: AbortSignal): Promise<DiskSpace | null>;

  /** The sizes of all files that a container has and its image has not; it costs a look at each. */
  heldBytes(container: string, signal: AbortSignal): Promise<number>;

  /** How much a container has written to its files since its start, at most. */
  writtenBytes(container: string, signal: AbortSignal): Promise<number>;

  /** What a container uses now; null of one that is not measured. */
  usage(container: string, signal: AbortSignal): Promise<UsageSample | null>;

  /** The files in containers, by the containers' ids. */
  readonly files: Files;

  /** Whether containers really have the profile's disk limit; null until the first was created. */
  readonly limitsDisk: boolean | null;
}

/** What a container uses at a moment, by the engine's clock. */
export interface UsageSample extends Omit<Usage, "cpu"> {
  readonly atMs: number;
  /** Of all processors together, from its start on. */
  readonly cpuMs: number;
}

/** Whose container it is; becomes its name and labels. */
export interface ContainerIdentity {
  readonly session: string;
  readonly user: string;
  /** A probe measures the limits that a session's container has. */
  readonly role: "session" | "pool" | "probe" | "machine";
  /** When it must be gone at the latest, in Unix seconds. */
  readonly expires: number;
  /** Of a machine: what its volume is mounted at, and what it calls itself. */
  readonly home?: string;
  readonly hostname?: string;
}

/** A container as the engine lists it. */
export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly state: string;
  /** Null when the label is missing. */
  readonly session: string | null;
  readonly user: string | null;
  /** Of a probe: until when, in Unix seconds, somebody may be measuring with it. */
  readonly probesUntil?: number;
}

/** The out-of-memory killer struck in a container, or someone stopped, killed, paused or unpaused it. */
export interface Incident {
  readonly kind: "oom" | "kill" | "pause" | "unpause";
  readonly container: string;
}

/** A terminal that was joined again. */
export interface Rejoined {
  /** What is printed from now on. */
  readonly stream: ShellStream;
  /** What was printed since the terminal was joined. */
  readonly heard: Uint8Array<ArrayBuffer>;
  /** What was printed before, and the heard, in whole lines, as far back as the engine keeps it. */
  readonly log: Uint8Array<ArrayBuffer>;
}

/** A container's terminal: raw bytes both ways. */
export interface ShellStream extends AsyncDisposable {
  /** The next output, at most `maxBytes`; null at its end. */
  read(maxBytes: number): Promise<Uint8Array | null>;
  /** Resolves when the terminal's side has taken all bytes; rejects when the connection broke. */
  write(bytes: Uint8Array): Promise<void>;
  /** How many bytes that side has taken, those of a write that broke included. */
  readonly writtenBytes: number;
}
