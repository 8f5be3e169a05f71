/** The files of this machine's sessions and of its named machines: whose container, how much, how large. */
import { type Amends, FilesError, type Place, type Removal } from "../protocol/files.ts";
import { machineOfKey } from "../protocol/machines.ts";
import { nameOf } from "../protocol/paths.ts";
import { oneLine } from "../protocol/line.ts";
import { sizeInWords } from "../sessions/endings.ts";
import type { Engine } from "../sessions/engine.ts";
import { atMost, endingWith } from "../sessions/files/ending_with.ts";
import type { Download, Packing, SessionFiles, Upload } from "../sessions/files/files.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Profile } from "../types.ts";
import type { Machines } from "./machines/machines.ts";

/** What one session or machine may have under way. */
const MOST_AT_ONCE = 4, MOST_IN_MACHINE = 8;
/** What is let in without a look at how much room there is, and how long such a look may take. */
const SMALL_BYTES = 1024 * 1024, LOOK_MS = 5_000;

export interface SessionFilesParts {
  readonly engine: Pick<Engine, "files" | "heldBytes" | "space">;
  readonly registry: Registry;
  readonly machines: Pick<Machines, "reach">;
  /** The most that one upload may have. */
  readonly maxBytes: () => number;
  /** What stays free of the machine's disk. */
  readonly minFreeBytes: () => number;
}

/** What files are in. */
interface Whose {
  readonly container: string;
  readonly profile: Pick<Profile, "limits" | "onHost">;
  /** What is "~" there, where that is known. */
  readonly home: string | null;
  /** Counts as a use of it. */
  keep(): void;
  /** Resolves when it ends. */
  readonly ended: Promise<unknown>;
}

/** All of it ends with its session; a machine that stands still is started, as for a shell. */
export class OwnSessionFiles implements SessionFiles {
  readonly #parts: SessionFilesParts;
  /** How much is under way, by what it is in. */
  readonly #busy = new Map<string, number>();

  constructor(parts: SessionFilesParts) {
    this.#parts = parts;
  }

  place(of: string, signal: AbortSignal): Promise<Place> {
    return this.#with(of, signal, async ({ container, home }, files, signal) => {
      const standing = await files.place(container, signal);
      const maxBytes = this.#parts.maxBytes();
      // What a machine's main process is in is nobody's shell.
      const own = home === null ? standing : { folder: standing.home ?? home, home: standing.home };
      return { ...own, maxBytes };
    });
  }

  stat(of: string, path: string, signal: AbortSignal) {
    return this.#with(
      of,
      signal,
      ({ container }, files, signal) => files.stat(container, path, signal),
    );
  }

  list(of: string, path: string, signal: AbortSignal) {
    return this.#with(
      of,
      signal,
      ({ container }, files, signal) => files.list(container, path, signal),
    );
  }

  async read(of: string, path: string, packing: Packing, signal: AbortSignal) {
    await using held = new AsyncDisposableStack();
    const { whose, over } = held.use(await this.#begin(of, signal));
    const { files } = this.#parts.engine;
    const download = await files.read(whose.container, path, packing, over);
    const rest = held.move();
    const body = endingWith(download.body, () => rest.disposeAsync(), over);
    return { ...download, body } satisfies Download;
  }

  write(of: string, path: string, upload: Upload, signal: AbortSignal): Promise<void> {
    return this.#with(of, signal, async (whose, files, signal) => {
      const { bytes, body } = upload;
      const most = await this.#roomFor(whose, path, bytes, signal);
      whose.keep();
      const bound = bytes === null ? { ...upload, body: atMost(body, most) } : upload;
      await files.write(whose.container, path, bound, signal);
      whose.keep();
    });
  }

  move(of: string, from: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#with(
      of,
      signal,
      ({ container }, files, signal) => files.move(container, from, to, signal),
    );
  }

  remove(of: string, path: string, signal: AbortSignal, only?: Removal): Promise<void> {
    return this.#with(
      of,
      signal,
      ({ container }, files, signal) => files.remove(container, path, signal, only),
    );
  }

  amend(of: string, path: string, amends: Amends, signal: AbortSignal): Promise<void> {
    return this.#with(
      of,
      signal,
      ({ container }, files, signal) => files.amend(container, path, amends, signal),
    );
  }

  async #with<T>(
    of: string,
    signal: AbortSignal,
    work: (whose: Whose, files: Engine["files"], signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using begun = await this.#begin(of, signal);
    return await work(begun.whose, this.#parts.engine.files, begun.over);
  }

  /** Takes one of its places. @throws {FilesError} when none is free, or it has ended */
  async #begin(of: string, signal: AbortSignal) {
    const machine = machineOfKey(of);
    const session = machine === null ? this.#session(of) : null;
    const most = session ? MOST_AT_ONCE : MOST_IN_MACHINE;
    const busy = this.#busy.get(of) ?? 0;
    if (busy >= most) {
      const what = session ? "terminal" : "machine";
      const message = `This ${what} has ${most} transfers under way: wait for one of them.`;
      throw new FilesError("busy", message);
    }
    this.#busy.set(of, busy + 1);
    let phase: "begun" | "over" = "begun";
    const finish = () => {
      if (phase === "over") return;
      phase = "over";
      const left = this.#busy.get(of)! - 1;
      if (left > 0) this.#busy.set(of, left);
      else this.#busy.delete(of);
    };
    try {
      const whose = session ?? await this.#machine(machine!, signal);
      const ended = new AbortController();
      const end = () => ended.abort(new FilesError("gone", "The terminal ended meanwhile."));
      whose.ended.then(() => phase === "begun" && end());
      const over = AbortSignal.any([signal, ended.signal]);
      return {
        ...{ whose, over },
        [Symbol.dispose]: finish,
        [Symbol.asyncDispose]: () => Promise.resolve(finish()),
      };
    } catch (error) {
      finish();
      throw error;
    }
  }

  /** With a machine its programs end, and say so themselves. */
  async #machine(id: string, signal: AbortSignal): Promise<Whose> {
    const found = await this.#parts.machines.reach(id, signal);
    return { ...found, ended: new Promise<never>(() => {}), keep: () => {} };
  }

  /** Whether something is under way there. */
  isBusy(of: string): boolean {
    return this.#busy.has(of);
  }

  #session(id: string): Whose {
    const session = this.#parts.registry.find(id);
    if (session?.phase !== "live") throw new FilesError("gone", "This terminal has ended.");
    const { container, profile, ended } = session;
    return { container, profile, home: null, ended, keep: () => session.keep() };
  }

  /**
   * How much of an upload there is room for.
   *
   * @throws {FilesError} where one of so many bytes cannot end well
   */
  async #roomFor(
    { container, profile, home }: Whose,
    path: string,
    bytes: number | null,
    signal: AbortSignal,
  ): Promise<number> {
    const { engine, registry, maxBytes, minFreeBytes } = this.#parts;
    const name = oneLine(nameOf(path));
    const size = bytes === null ? "" : sizeInWords(bytes);
    if (bytes !== null && bytes > maxBytes()) {
      const most = sizeInWords(maxBytes());
      throw new FilesError(
        "large",
        `${name} is too large: ${size}, and ${most} may be copied at once.`,
      );
    }
    if ((bytes !== null && bytes <= SMALL_BYTES) || profile.onHost) return maxBytes();
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
    // What cannot be looked at is left to the disk itself.
    const unknown = () => (signal.throwIfAborted(), null);
    const space = await engine.space(inTime).catch(unknown);
    const free = space === null ? Infinity : space.freeBytes - minFreeBytes();
    const isInVolume = home !== null && path.startsWith(`${home}/`); // which has no bound of its own
    const held = registry.boundsDisk && !isInVolume
      ? await engine.heldBytes(container, inTime).catch(unknown)
      : null;
    const left = held === null ? Infinity : profile.limits.diskBytes - held;
    const room = Math.max(0, Math.min(free, left));
    if (bytes === null || bytes <= room) return Math.min(room, maxBytes());
    const why = left < free
      ? `this terminal has ${sizeInWords(room)} of its ${
        sizeInWords(profile.limits.diskBytes)
      } left`
      : "the server's disk is nearly full";
    throw new FilesError("full", `There is no room for ${name}: it has ${size}, and ${why}.`);
  }
}
