/** A file of the state directory that is read once and written whole, one write after the other. */
import * as v from "valibot";
import { writeWholeFile } from "../files/whole_file.ts";
import type { Clock } from "../types.ts";

/** How long what is written soon may be known here alone. */
const SOON_MS = 60_000;
/** The largest that is read, in bytes. */
const FILE_BYTES = 16 * 1024 * 1024;

/** What those are opened with who keep such a file. */
export interface KeptOptions {
  readonly stateDir: string;
  /** Unix time in milliseconds, as times outlive the process; `Date.now` unless given. */
  readonly unixTimeMs?: () => number;
  /** Told of a file that cannot be read or written. */
  readonly warn: (message: string) => void;
}

/** Of those that do something at its time as well. */
export interface TimedKeptOptions extends KeptOptions {
  readonly clock: Clock;
}

export interface KeptFileParts<S extends v.GenericSchema> {
  readonly path: string;
  readonly shape: S;
  /** What does not outlive a restart while it cannot be read or written: "tokens". */
  readonly what: string;
  /** Told of that. */
  readonly warn: (message: string) => void;
}

export class KeptFile<S extends v.GenericSchema> {
  readonly #parts: KeptFileParts<S>;
  #writing: Promise<void> = Promise.resolve();
  /** A write that is due. */
  #due: { readonly timer: Disposable; readonly write: () => void } | null = null;

  constructor(parts: KeptFileParts<S>) {
    this.#parts = parts;
  }

  /** Null where there is none, or it cannot be understood, which is told. Never throws. */
  async read(): Promise<v.InferOutput<S> | null> {
    const { path, shape } = this.#parts;
    try {
      const { size } = await Deno.stat(path);
      if (size > FILE_BYTES) throw new Error(`it is over ${FILE_BYTES} bytes`);
      return v.parse(shape, JSON.parse(await Deno.readTextFile(path)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#warn("read", error);
      return null;
    }
  }

  /** Writes what there is when its turn comes (0600). Never rejects: what cannot be written is told. */
  write(content: () => v.InferInput<S>): Promise<void> {
    return this.#writing = this.#writing.then(async () => {
      await writeWholeFile(this.#parts.path, JSON.stringify(content()), { mode: 0o600 });
    }).catch((error) => this.#warn("write", error));
  }

  /** The same before long, for what changes often. */
  writeSoon(content: () => v.InferInput<S>, clock: Clock): void {
    const write = () => {
      this.#due = null;
      void this.write(content);
    };
    this.#due ??= { timer: clock.timer(SOON_MS, write), write };
  }

  /** Resolves when all is written, also what is due. */
  finish(): Promise<void> {
    this.#due?.timer[Symbol.dispose]();
    this.#due?.write();
    return this.#writing;
  }

  #warn(deed: string, error: unknown): void {
    const { path, what, warn } = this.#parts;
    const why = error instanceof Error ? error.message : String(error);
    const so = `${what} do not outlive a restart as they are until that is mended`;
    warn(`Cannot ${deed} ${path}: ${why}; ${so}`);
  }
}
