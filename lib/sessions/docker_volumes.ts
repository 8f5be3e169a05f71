/** Removes volumes that removed containers left. */
import { type Docker, DockerError } from "deno-docker-api";
import { withDeadline } from "./docker_calls.ts";
import { isMadeBefore } from "./ptys.ts";

/** So old a volume is not one any more that was just made for a container. */
const UNUSED_MS = 60_000;

/**
 * Those with these labels that no container has, nor is to have in a moment; Docker's own prune leaves
 * every volume that has a driver's options.
 */
export async function removeUnused(
  volumes: Docker["volumes"],
  labels: readonly string[],
): Promise<void> {
  const unused = await volumes.list({ labels, unused: true, signal: withDeadline() });
  for (const { Name, CreatedAt } of unused) {
    if (isMadeBefore(Name) && Date.now() - Date.parse(CreatedAt) < UNUSED_MS) continue;
    try {
      await volumes.remove(Name, { signal: withDeadline() });
    } catch (error) {
      // Somebody else was quicker, or it has a container by now.
      if (!(error instanceof DockerError && (error.isNotFound || error.isConflict))) throw error;
    }
  }
}
