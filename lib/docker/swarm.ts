/** Docker Swarm's inventory, as one of its managers tells it. */
import type { Client } from "./client.ts";
import type { SwarmNode, SwarmTask } from "./swarm_types.ts";
import type { CallOptions } from "./types.ts";

/**
 * `GET /nodes` and `GET /tasks`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Node); each rejects with a
 * `DockerError`, 503 where the Engine is no manager, or with its signal's reason.
 */
export class Swarm {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  nodes(options: CallOptions = {}): Promise<SwarmNode[]> {
    return this.#client.json({
      ...options,
      doing: "list the nodes of the Swarm",
      method: "GET",
      path: ["nodes"],
    });
  }

  /** The tasks that are to run. */
  tasks(options: CallOptions = {}): Promise<SwarmTask[]> {
    return this.#client.json({
      ...options,
      doing: "list the tasks of the Swarm",
      method: "GET",
      path: ["tasks"],
      query: { filters: JSON.stringify({ "desired-state": ["running"] }) },
    });
  }
}
