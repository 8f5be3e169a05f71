/** What the registry is made of, and what it is asked for. */
import type { Log } from "../log.ts";
import type { Clock, Profile, StartProgress, Winsize } from "../types.ts";
import type { SessionLimits } from "./admission.ts";
import type { Engine } from "./engine.ts";
import type { Leases } from "./leases.ts";
import type { SessionTimes } from "./session_parts.ts";

/** What new sessions are made by; asked for at each start, so that it may change. */
export interface RegistrySettings extends SessionLimits {
  readonly profile: Profile;
  readonly times: SessionTimes;
  readonly replayBytes: number;
  /** The first output of each session; may be empty. */
  readonly motd: string;
  /** Shells kept ready. */
  readonly poolSize: number;
  /** Nothing starts while less of the disk is free; 0 for never mind. */
  readonly minFreeBytes: number;
}

/** What the registry needs. */
export interface RegistryParts {
  readonly engine: Engine;
  readonly leases: Pick<Leases, "take" | "inherit" | "drop" | "inherited">;
  /** The same object until they change. */
  readonly settings: () => RegistrySettings;
  /** Why no session may begin now, in a sentence for who wants one; null when one may. */
  readonly refusal?: () => string | null;
  /** Whether the server lacks memory for one more such container. */
  readonly memoryIsLow: (profile: Profile) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who wants a session, and how. */
export interface SessionRequest {
  readonly user: string;
  /** The client's address, for the log. */
  readonly remote?: string;
  readonly winsize: Winsize;
  /** How many sessions the user has on other machines. */
  readonly elsewhere?: number;
  readonly progress: (progress: StartProgress) => void;
  /** Aborted when nobody waits for the session any more. */
  readonly signal: AbortSignal;
}
