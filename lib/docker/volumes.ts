/** Volumes: removed where nobody uses them. */
import type { Client } from "./client.ts";
import type { CallOptions } from "./types.ts";

/**
 * The calls under `/volumes`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Volume); each rejects with a
 * `DockerError`, or with its signal's reason.
 */
export class Volumes {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Removes those that no container has and that have every one of `labels`, each `key` or
   * `key=value`; 409 while another such removal is under way.
   */
  prune(
    { labels, signal }: CallOptions & { readonly labels: readonly string[] },
  ): Promise<{ VolumesDeleted: string[] | null }> {
    return this.#client.json({
      doing: "remove unused volumes",
      method: "POST",
      path: ["volumes", "prune"],
      query: { filters: JSON.stringify({ label: labels }) },
      signal,
    });
  }
}
