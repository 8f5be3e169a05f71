/** What a session is made of. */
import type { Capacity } from "../terminal/capacity.ts";
import type { Clock, Profile } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { LifetimeLimits } from "./lifetime.ts";
import type { Shell } from "./shell.ts";
import type { Stretch } from "./merge.ts";
import type { Tally } from "./tally.ts";

/** What a session was before this process. */
export interface SessionPast {
  readonly startedAt: Date;
  /** Milliseconds since its start and since its last input. */
  readonly ageMs: number;
  readonly idleMs: number;
  /** Whether its output can have no gap; after a crash its end may be missing. */
  readonly sure: boolean;
  /** How much input it had, or a number beyond all that any client counts. */
  readonly inputBytes: number;
  /** How many viewers. */
  readonly viewers: number;
  /** For how long the person wants it kept without anybody there. */
  readonly keptMs: number;
}

/** What a session is made of. */
export interface SessionParts {
  readonly id: string;
  readonly user: string;
  readonly profile: Profile;
  readonly shell: Shell;
  readonly engine: Engine;
  readonly times: LifetimeLimits;
  readonly replayBytes: number;
  /** Its output so far, as far as it is known; of a new one the greeting. */
  readonly output: Stretch;
  /** How much of its output was the gateway's greeting, and never the shell's. */
  readonly greetingBytes: number;
  /** What it shares the machine by. */
  readonly capacity: Capacity;
  /** What counts its bytes. */
  readonly tally: Tally;
  readonly clock: Clock;
  /** Of a session that another gateway began: how it stood then. */
  readonly past?: SessionPast;
  /** Told when a viewer comes or goes. */
  readonly changed: () => void;
  /** Removes the container and gives back all the session holds. */
  readonly dispose: () => Promise<void>;
}
