/** What an agent's machines are made of, and by. */
import type { Log } from "../../log.ts";
import type { MachineEngine } from "../../sessions/machine_engine.ts";
import type { Choice, Clock, Usage } from "../../types.ts";
import type { MachineStore } from "./machine_file.ts";

/** What machines are made by; asked for each time, as it may change. */
export interface MachineSettings {
  readonly maxPerUser: number;
  /** For how long nobody may use one before it is stopped; null for ever. */
  readonly idleStopMs: number | null;
  /** What is kept in a volume. */
  readonly home: string;
  readonly choices: readonly Choice[];
}

export interface MachinesParts {
  readonly engine: MachineEngine;
  readonly store: MachineStore;
  readonly settings: () => MachineSettings;
  /** Why no machine may be made or started, in a sentence; null when one may. */
  readonly refusal: () => string | null;
  /** Why there is no room for one, in a sentence; null when there is. */
  readonly noRoom: () => Promise<string | null>;
  /** How long ago somebody typed in it, of a machine with a shell; null of any other. */
  readonly idleMs: (machine: string) => number | null;
  /** Ends the shells of a machine that is about to stop, and says so in them. */
  readonly endShells: (machine: string, message: string) => void;
  /** What a container used last, which is measured for a while; null while that is not known. */
  readonly glance: (container: string) => Usage | null;
  readonly clock: Clock;
  readonly unixTimeMs: () => number;
  readonly log: Log;
}
