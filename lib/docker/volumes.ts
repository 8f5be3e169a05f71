/** Volumes: made, looked up, measured and removed. */
import type { Client } from "./client.ts";
import type { CallOptions, Volume, VolumeCreate } from "./types.ts";

interface VolumeUsage {
  readonly Name: string;
  /** `Size` in bytes; -1 where it is not known. */
  readonly UsageData?: { readonly Size: number } | null;
}

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

  /**
   * How many bytes each has, by its name, of those whose driver tells it; Docker looks at all their
   * files, which may take long. Null where the Engine would look at all else as well: before API 1.42
   * (https://docs.docker.com/reference/api/engine/version/v1.42/#tag/System/operation/SystemDataUsage).
   */
  async sizes(options: CallOptions = {}): Promise<ReadonlyMap<string, number> | null> {
    const [major = 0, minor = 0] = (await this.#client.apiVersion(options)).split(".").map(Number);
    if (major === 1 && minor < 42) return null;
    const { Volumes } = await this.#client.json<{ Volumes: VolumeUsage[] | null }>({
      ...options,
      doing: "measure volumes",
      method: "GET",
      path: ["system", "df"],
      query: { type: "volume" },
    });
    const sizes = (Volumes ?? []).map(({ Name, UsageData }) =>
      [Name, UsageData?.Size ?? -1] as const
    );
    return new Map(sizes.filter(([, size]) => size >= 0));
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
