/** Remembers over restarts that an administrator drains the gateway. */
import { join } from "node:path";
import * as v from "valibot";
import { writeWholeFile } from "../files/whole_file.ts";
import type { Log } from "../log.ts";

/** No new sessions, and at some time an end of those that live. */
export interface Drain {
  /** Unix times in milliseconds; null for an end that is not fixed. */
  readonly sinceMs: number;
  readonly endsAtMs: number | null;
  /** The administrator's words for the people; may be empty. */
  readonly message: string;
}

const Stored = v.strictObject({
  sinceMs: v.number(),
  endsAtMs: v.nullable(v.number()),
  message: v.string(),
});

/** A drain that is on has a file; one that is off has none. */
export class DrainFile {
  #current: Drain | null;

  private constructor(private readonly path: string, current: Drain | null) {
    this.#current = current;
  }

  /** Reads what a gateway before this one left; what cannot be read is told and counts for nothing. */
  static async open(stateDir: string, instance: string, log: Log): Promise<DrainFile> {
    const dir = join(stateDir, "instances", instance);
    const path = join(dir, "drain.json");
    await Deno.mkdir(dir, { recursive: true, mode: 0o750 });
    try {
      const stored: unknown = JSON.parse(await Deno.readTextFile(path));
      return new DrainFile(path, v.parse(Stored, stored));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        log.error(`Cannot read ${path}: new sessions are let in; drain again if they must not be`, {
          error,
        });
      }
      return new DrainFile(path, null);
    }
  }

  get current(): Drain | null {
    return this.#current;
  }

  /** @throws {Error} when it cannot be written; then nothing has changed */
  async set(drain: Drain | null): Promise<void> {
    if (drain === null) {
      await Deno.remove(this.path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    } else await writeWholeFile(this.path, JSON.stringify(drain) + "\n", { mode: 0o600 });
    this.#current = drain;
  }
}
