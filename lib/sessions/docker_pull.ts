/** Pulls an image, as long as the disk has room for it. */
import type { Images } from "deno-docker-api";
import type { Log } from "../log.ts";
import type { StartProgress } from "../types.ts";
import { NO_ROOM } from "./disk_space.ts";
import { LimitError } from "./errors.ts";
import { PullMeter } from "./pull_meter.ts";

/** How often it looks whether there is still room. */
const LOOK_EVERY_MS = 500;

/**
 * Resolves when the image is there.
 *
 * @throws {LimitError} when the disk is nearly full; Docker gives the pull up with its connection
 */
export async function pull(
  images: Images,
  image: string,
  { progress, isLow, log, signal }: {
    readonly progress: (progress: StartProgress) => void;
    readonly isLow: () => Promise<boolean>;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const advice = "if that fails, 'docker pull' it by hand or set container.image";
  log.notice(`pulling an image; ${advice}`, { image });
  const meter = new PullMeter();
  progress({ stage: "pull", image, percent: 0 });
  let told = 0;
  let lookAtMs = 0;
  for await (const line of images.pull(image, { signal })) {
    const percent = meter.add(line);
    if (percent > told) progress({ stage: "pull", image, percent: told = percent });
    if (performance.now() < lookAtMs) continue;
    lookAtMs = performance.now() + LOOK_EVERY_MS;
    if (await isLow()) throw new LimitError(NO_ROOM, "server");
  }
}
