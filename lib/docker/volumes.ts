/** Volumes: made, looked up and removed. */
import type { Client } from "./client.ts";
import type { CallOptions, Volume, VolumeCreate } from "./types.ts";

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

  /** Makes a volume; one of that name is left as it is. */
  create(spec: VolumeCreate, options: CallOptions = {}): Promise<Volume> {
    return this.#client.json({
      ...options,
      doing: `create volume ${spec.Name}`,
      method: "POST",
      path: ["volumes", "create"],
      body: spec,
    });
  }

  /** Those with every one of `labels`, each `key` or `key=value`; `unused`: that no container has. */
  async list(
    { labels, unused, signal }: CallOptions & {
      readonly labels: readonly string[];
      readonly unused?: boolean;
    },
  ): Promise<Volume[]> {
    const filters = { label: labels, ...(unused && { dangling: ["true"] }) };
    const { Volumes } = await this.#client.json<{ Volumes: Volume[] | null }>({
      doing: "list volumes",
      method: "GET",
      path: ["volumes"],
      query: { filters: JSON.stringify(filters) },
      signal,
    });
    return Volumes ?? [];
  }

  /** Removes it; 409 when a container has it. */
  remove(name: string, options: CallOptions = {}): Promise<void> {
    return this.#client.done({
      ...options,
      doing: `remove volume ${name}`,
      method: "DELETE",
      path: ["volumes", name],
    });
  }
}
