/** What named machines need of a container engine, in typed verbs; Docker is one such engine. */
import type { MachineDisk } from "../protocol/machines.ts";
import type { PortStream } from "../protocol/port_stream.ts";
import type { Profile, StartProgress } from "../types.ts";

/** Whose container it is. */
export interface MachineIdentity {
  readonly id: string;
  readonly user: string;
  /** What a new one calls itself. */
  readonly name: string;
}

/** There is no connection to a port. */
export class PortError extends Error {
  override readonly name = "PortError";

  /**
   * @param why nothing listens there, it came to nothing, or its image has not what it takes
   * @param message the end of a sentence
   */
  constructor(readonly why: "refused" | "failed" | "unable", message: string) {
    super(message);
  }
}

/** All verbs throw `EngineError`, and are idempotent. */
export interface MachineEngine {
  /**
   * Has its container run: makes it, and its volume, where they are missing.
   *
   * @returns the container's id, and whether it ran before: then also since when, as Unix time
   */
  bring(
    machine: MachineIdentity,
    profile: Profile,
    options: {
      /** What the volume is mounted at. */
      readonly home: string;
      readonly progress: (progress: StartProgress) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<{ readonly container: string; readonly ran: boolean; readonly sinceMs?: number }>;

  /** Ends all that runs in it; resolves when it stands still, also where there is none. */
  stop(machine: string): Promise<void>;

  /** Removes its container and then its volume, with all that it kept. */
  remove(machine: string): Promise<void>;

  /** What all of them use of the disk, by their ids; looks at each file, and takes its time. */
  disks(signal: AbortSignal): Promise<ReadonlyMap<string, MachineDisk>>;

  /** Whether it runs. */
  isRunning(machine: string, signal: AbortSignal): Promise<boolean>;

  /**
   * Ends the shells in it that an agent before this one opened and nobody can join again; the one in
   * its own terminal goes on.
   */
  endShells(machine: string): Promise<void>;

  /** Whether anything runs in it but what it is made of. */
  hasPrograms(machine: string): Promise<boolean>;

  /**
   * Connects to a TCP port of its own localhost, of one that runs.
   *
   * @param signal ends the wait
   * @throws {PortError}
   */
  connect(machine: string, port: number, signal: AbortSignal): Promise<PortStream>;

  /** As of an `Engine`. */
  watchExit(container: string, signal: AbortSignal): Promise<number>;
}
