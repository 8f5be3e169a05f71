/** How far a pull has come, added up over its layers. */
import type { PullProgress } from "deno-docker-api";

/** A layer counts once for its download and once for its extraction. */
const STAGES = ["Downloading", "Extracting"];
const COMPLETE = new Set(["Pull complete", "Already exists"]);
/** A layer whose size is not known yet counts as much as this. */
const UNKNOWN_BYTES = 1;

interface Layer {
  totalBytes: number;
  /** 0 to 1. */
  done: number;
}

/** Turns Docker's progress lines into one percentage that never falls. */
export class PullMeter {
  readonly #layers = new Map<string, Layer>();
  #percent = 0;

  /** Takes a line; returns how much has come, 0 to 100. */
  add({ status, id, progressDetail }: PullProgress): number {
    if (id === undefined) return this.#percent;
    if (status === "Pulling fs layer") this.#layers.set(id, { totalBytes: UNKNOWN_BYTES, done: 0 });
    const layer = this.#layers.get(id);
    if (!layer) return this.#percent; // a line about the tag
    const stage = STAGES.indexOf(status);
    if (COMPLETE.has(status)) {
      layer.done = 1;
    } else if (stage >= 0 && progressDetail?.total) {
      layer.totalBytes = progressDetail.total;
      const part = (progressDetail.current ?? 0) / progressDetail.total;
      layer.done = Math.max(layer.done, (stage + Math.min(1, part)) / STAGES.length);
    }
    let total = 0;
    let done = 0;
    for (const { totalBytes, done: part } of this.#layers.values()) {
      total += totalBytes;
      done += totalBytes * part;
    }
    return this.#percent = Math.max(this.#percent, Math.floor(100 * done / total));
  }
}
