/** Keeps a guard's memory in a file, so that neither a restart nor leaving when idle unlocks anybody. */
import { join } from "node:path";
import * as v from "valibot";
import type { Clock } from "../types.ts";
import type { Guard, GuardRecord } from "./guard.ts";
import { writeWholeFile } from "../files/whole_file.ts";

/** How long after a change it is written: what a crash forgets is no older. */
export const WRITE_AFTER_MS = 5_000;

/** The largest file that is read, in bytes. */
const FILE_BYTES = 16 * 1024 * 1024;

const text = v.pipe(v.string(), v.maxLength(200));
const count = v.pipe(v.number(), v.minValue(0));
const failures = v.array(v.strictTuple([text, count, v.number()]));
const RECORD = v.object({
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  pairs: failures,
  names: failures,
  sources: failures,
  known: v.array(v.strictTuple([text, v.array(v.strictTuple([text, v.number()]))])),
});

/** The file's path below the state directory. */
export function guardFile(stateDir: string): string {
  return join(stateDir, "failures.json");
}

/**
 * What the file holds, or null where there is none or it is damaged.
 *
 * @param tellDamage called where it is damaged
 * @throws {Error} what the file system said
 */
export async function readGuard(
  path: string,
  tellDamage: () => void = () => {},
): Promise<GuardRecord | null> {
  try {
    const { size } = await Deno.stat(path);
    if (size > FILE_BYTES) throw new SyntaxError();
    return v.parse(RECORD, JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (!(error instanceof SyntaxError || error instanceof v.ValiError)) throw error;
    tellDamage();
    return null;
  }
}

/** Writes the file: mode 0600, owned as before. @throws {Error} what the file system said */
export async function writeGuard(path: string, record: GuardRecord): Promise<void> {
  const owner = await Deno.stat(path).catch(() => undefined);
  await writeWholeFile(path, JSON.stringify(record), { mode: 0o600, ...(owner && { owner }) });
}

/** What a store needs. */
export interface GuardStoreOptions {
  readonly guard: Guard;
  readonly path: string;
  readonly clock: Clock;
  /** Told, once, of a file that cannot be read or written. */
  readonly warn: (message: string) => void;
}

/** Writes what is new soon after it happened; disposing it writes the rest. */
export class GuardStore implements AsyncDisposable {
  readonly #options: GuardStoreOptions;
  #timer: Disposable | null = null;
  #writing: Promise<void> = Promise.resolve();
  #told = false;

  private constructor(options: GuardStoreOptions) {
    this.#options = options;
  }

  /** Hands the guard what the file remembers, and keeps what it learns from then on. Never throws. */
  static async open(options: GuardStoreOptions): Promise<GuardStore> {
    const { guard, path } = options;
    const store = new GuardStore(options);
    try {
      const damaged = `${path} is damaged: the failed log-ins of before are forgotten`;
      const record = await readGuard(path, () => options.warn(damaged));
      if (record !== null) guard.restore(record);
    } catch (error) {
      store.#warn("read", error);
    }
    guard.onChange = () => store.#changed();
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.guard.onChange = () => {};
    if (this.#timer !== null) this.#write();
    await this.#writing;
  }

  #changed(): void {
    this.#timer ??= this.#options.clock.timer(WRITE_AFTER_MS, () => this.#write());
  }

  #write(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const { guard, path } = this.#options;
    this.#writing = this.#writing.then(() => writeGuard(path, guard.record()))
      .catch((error) => this.#warn("keep", error));
  }

  #warn(deed: string, error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    const why = error instanceof Error ? error.message : String(error);
    this.#options.warn(
      `Cannot ${deed} ${this.#options.path}: ${why}; a restart forgets failed log-ins until that ` +
        "is mended",
    );
  }
}
