/** Looks at the Swarm that this machine's engine is in, if it is in one. */
import { Docker } from "deno-docker-api";
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { SwarmView } from "../protocol/nodes.ts";
import type { Clock } from "../types.ts";
import { withDeadline } from "./docker_calls.ts";
import { inventoryOf } from "./swarm_view.ts";

/** How often a Swarm is looked at, and how often whether there is one. */
const LOOK_MS = 2_000, NONE_MS = 60_000;

/** The most managers that are told of: Docker advises to have seven. */
const MANAGERS = 32;

/** Looks until it is disposed of. */
export class SwarmWatch implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  /** What was seen last; null for no Swarm. */
  state: SwarmView | null = null;

  constructor(socketPath: string, private readonly parts: { clock: Clock; log: Log }) {
    this.#docker = new Docker({ socketPath });
    this.#kept = this.#keep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#kept;
    this.#docker[Symbol.dispose]();
  }

  async #keep(): Promise<void> {
    const { clock, log } = this.parts;
    const { signal } = this.#stop;
    let told = "";
    while (!signal.aborted) {
      try {
        this.state = await this.#look();
        told = "";
      } catch (error) {
        if (signal.aborted) return;
        // What it said last may hold still: a manager that restarts drains nobody.
        const why = String(error);
        if (this.state !== null && why !== told) {
          log.warning("Cannot look at the Swarm; what it said last is in effect", { error });
        }
        told = why;
      }
      await sleep(this.state === null ? NONE_MS : LOOK_MS, clock, signal);
    }
  }

  async #look(): Promise<SwarmView | null> {
    const signal = withDeadline(this.#stop.signal);
    const { Swarm } = await this.#docker.info({ signal });
    if (!Swarm?.NodeID) return null;
    const node = Swarm.NodeID;
    const managers = (Swarm.RemoteManagers ?? []).map(({ NodeID }) => NodeID).slice(0, MANAGERS);
    if (!Swarm.ControlAvailable) return { node, managers, inventory: [] };
    const [nodes, tasks] = await Promise.all([
      this.#docker.swarm.nodes({ signal }),
      this.#docker.swarm.tasks({ signal }),
    ]);
    return { node, managers: [...managers, node], inventory: inventoryOf(nodes, tasks) };
  }
}
