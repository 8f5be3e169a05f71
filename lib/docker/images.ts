/** Images: looked up, pulled, tagged, removed. */
import type { Client } from "./client.ts";
import { DockerError } from "./errors.ts";
import { parseReference } from "./reference.ts";
import type { CallOptions, ImageInspect, ImageRemoved, PullProgress } from "./types.ts";

type PullLine = PullProgress & {
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
};

/**
 * The calls under `/images`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image); each rejects with a
 * `DockerError`, or with its signal's reason.
 */
export class Images {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  inspect(reference: string, options: CallOptions = {}): Promise<ImageInspect> {
    return this.#client.json({
      ...options,
      doing: `inspect image ${reference}`,
      method: "GET",
      path: ["images", ...reference.split("/"), "json"],
    });
  }

  /**
   * Pulls one image, "latest" when the reference has neither tag nor digest, and yields Docker's
   * progress. The pull starts with the first step of the loop; leaving the loop or aborting cancels
   * it, unless another client pulls the same.
   *
   * @throws {DockerError} with Docker's message, when it cannot be had; midway too
   */
  async *pull(
    reference: string,
    options: CallOptions = {},
  ): AsyncGenerator<PullProgress, void, void> {
    const { repository, tag } = parseReference(reference);
    const doing = `pull image ${reference}`;
    const lines = this.#client.lines<PullLine>({
      ...options,
      doing,
      method: "POST",
      path: ["images", "create"],
      query: { fromImage: repository, tag },
    });
    for await (const line of lines) {
      const dockerMessage = line.errorDetail?.message ?? line.error;
      if (dockerMessage !== undefined) {
        const status = line.errorDetail?.code;
        throw new DockerError(`Cannot ${doing}: ${dockerMessage}`, { status, dockerMessage });
      }
      yield line;
    }
  }

  /** Gives an image another reference, `target`. */
  tag(reference: string, target: string, options: CallOptions = {}): Promise<void> {
    const { repository, tag } = parseReference(target);
    return this.#client.done({
      ...options,
      doing: `tag image ${reference} as ${target}`,
      method: "POST",
      path: ["images", ...reference.split("/"), "tag"],
      query: { repo: repository, tag },
    });
  }

  /** Removes a reference, and the image when that was its last; 409 when a container uses it. */
  remove(
    reference: string,
    { force, signal }: CallOptions & { readonly force?: boolean } = {},
  ): Promise<ImageRemoved[]> {
    return this.#client.json({
      doing: `remove image ${reference}`,
      method: "DELETE",
      path: ["images", ...reference.split("/")],
      query: { force },
      signal,
    });
  }
}
