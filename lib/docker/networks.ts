/** Networks: made, looked up, removed. */
import type { Client } from "./client.ts";
import type { CallOptions, Network, NetworkCreate } from "./types.ts";

/**
 * The calls under `/networks`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Network); each rejects with a
 * `DockerError`, or with its signal's reason. An id may be a name.
 */
export class Networks {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Makes a network; 409 when the name is taken. */
  create(
    spec: NetworkCreate,
    options: CallOptions = {},
  ): Promise<{ Id: string; Warning: string }> {
    return this.#client.json({
      ...options,
      doing: `create network ${spec.Name}`,
      method: "POST",
      path: ["networks", "create"],
      body: { CheckDuplicate: true, ...spec },
    });
  }

  inspect(id: string, options: CallOptions = {}): Promise<Network> {
    return this.#client.json({
      ...options,
      doing: `inspect network ${id}`,
      method: "GET",
      path: ["networks", id],
    });
  }

  /** Removes it; 403 when a container is still connected. */
  remove(id: string, options: CallOptions = {}): Promise<void> {
    return this.#client.done({
      ...options,
      doing: `remove network ${id}`,
      method: "DELETE",
      path: ["networks", id],
    });
  }

  /** All networks, or those with every one of `labels`, each `key` or `key=value`. */
  list(
    { labels, signal }: CallOptions & { readonly labels?: readonly string[] } = {},
  ): Promise<Network[]> {
    return this.#client.json({
      doing: "list networks",
      method: "GET",
      path: ["networks"],
      query: { filters: labels && JSON.stringify({ label: labels }) },
      signal,
    });
  }
}
