/** What a gateway asks of an agent's named machines, in its own process or behind a wire. */
import type { MachineChange, MachineInfo, MachineUsage, Made } from "../../protocol/machines.ts";
import type { PortStream } from "../../protocol/port_stream.ts";

/** Who wants a new machine, and how. */
export interface MachineWish {
  /** The name of a choice; null for what the agent gives by itself. */
  readonly image: string | null;
  readonly groups: readonly string[];
  /** Whether programs that run in it count as use. */
  readonly jobs?: boolean;
  /** How many machines the user has elsewhere. */
  readonly elsewhere: number;
  /** The node that it is wanted on; null for any. An agent passes it over. */
  readonly node: string | null;
}

/**
 * Each call rejects with a `MachineError` where that cannot be, or with an `AgentAwayError`. They
 * answer once it is noted what is wanted, and never wait for Docker.
 */
export interface MachineDeeds {
  /** All, or one user's; the deleted ones, which can be restored, are in it. */
  list(user: string | null): Promise<readonly MachineInfo[]>;
  /**
   * One that is not deleted. With `until` it waits for that state, or for a failure, `waitMs` at most.
   *
   * @param signal ends the wait
   */
  get(
    user: string,
    name: string,
    wait?: { readonly until: "running" | "stopped"; readonly ms: number },
    signal?: AbortSignal,
  ): Promise<MachineInfo>;
  /** What those use that run, all or one user's, by id; they are measured for a few seconds. */
  usage(user: string | null): Promise<MachineUsage>;
  /** Makes one, which then starts; one that is the same already stays as it is. */
  put(user: string, name: string, wish: MachineWish): Promise<Made>;
  start(user: string, name: string): Promise<MachineInfo>;
  stop(user: string, name: string): Promise<MachineInfo>;
  change(user: string, name: string, change: MachineChange): Promise<MachineInfo>;
  /** Stops it for good; for a day it can be brought back. */
  remove(user: string, name: string): Promise<MachineInfo>;
  /** Brings back what was deleted last under that name. `elsewhere` as in a wish. */
  restore(user: string, name: string, elsewhere?: number): Promise<MachineInfo>;
  /**
   * Connects to a TCP port on the localhost of one that runs, and of no other; starts none. This one
   * waits for Docker, 10 s at most. What stands still for an hour is cut.
   *
   * @param signal ends the wait
   */
  connect(user: string, name: string, port: number, signal: AbortSignal): Promise<PortStream>;
}
