/** Waits for what the Docker Engine says of a container. */
import type { Docker, DockerEvent } from "deno-docker-api";

/**
 * The first event of that action, such as "die", which has an exitCode.
 *
 * @param since Unix seconds: one that came from then on counts
 */
export async function dockerEvent(
  docker: Docker,
  { container, action, since, signal }: {
    readonly container: string;
    readonly action: string;
    readonly since: number;
    readonly signal?: AbortSignal;
  },
): Promise<DockerEvent> {
  const filters = { type: ["container"], container: [container], event: [action] };
  for await (const event of docker.events({ filters, since, signal })) return event;
  throw new Error(`Docker's events ended before "${action}"`);
}
