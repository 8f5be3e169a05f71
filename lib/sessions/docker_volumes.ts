/** Removes volumes that removed containers left. */
import { type Docker, DockerError } from "deno-docker-api";
import { withDeadline } from "./docker_calls.ts";

/** Those with these labels; Docker's own prune leaves every volume that has a driver's options. */
export async function removeUnused(
  volumes: Docker["volumes"],
  labels: readonly string[],
): Promise<void> {
  const unused = await volumes.list({ labels, unused: true, signal: withDeadline() });
  for (const { Name } of unused) {
    try {
      await volumes.remove(Name, { signal: withDeadline() });
    } catch (error) {
      // Somebody else was quicker, or it has a container by now.
      if (!(error instanceof DockerError && (error.isNotFound || error.isConflict))) throw error;
    }
  }
}
