/** What the registry is made of, and what it is asked for. */
import type { Log } from "../log.ts";
import type { Choice, Clock, Profile, StartProgress, Winsize } from "../types.ts";
import type { SessionLimits } from "./admission.ts";
import type { Engine } from "./engine.ts";
import type { Leases } from "./leases.ts";
import type { LifetimeLimits } from "./lifetime.ts";

/** What new sessions are made by; asked for at each start, so that it may change. */
export interface RegistrySettings extends SessionLimits {
  /** What a session gets that asks for nothing else; shells of it are kept ready. */
  readonly profile: Profile;
  /** What one may ask for, that one among them. */
  readonly choices: readonly Choice[];
  readonly times: LifetimeLimits;
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
  /** The groups that they are a member of. */
  readonly groups?: readonly string[];
  /** The client's address, for the log. */
  readonly remote?: string;
  readonly winsize: Winsize;
  /** The name of a choice; null for the one of those who ask for none. */
  readonly image?: string | null;
  /** Of a shell in a machine, in the place of a choice. */
  readonly profile?: Profile | undefined;
  /** What it runs in the place of a shell. */
  readonly command?: readonly string[] | undefined;
  /** How many sessions the user has on other machines, and how many they may have on all. */
  readonly elsewhere?: number;
  readonly maxPerUser?: number | null;
  readonly progress: (progress: StartProgress) => void;
  /** Aborted when nobody waits for the session any more. */
  readonly signal: AbortSignal;
}
