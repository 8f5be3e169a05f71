/** The files of this machine's sessions: whose container it is, how much at once, and how large. */
import { FilesError, type Place } from "../protocol/files.ts";
import { nameOf } from "../protocol/paths.ts";
import { oneLine } from "../protocol/line.ts";
import { sizeInWords } from "../sessions/endings.ts";
import type { Engine } from "../sessions/engine.ts";
import { endingWith } from "../sessions/files/ending_with.ts";
import type { Download, Packing, SessionFiles, Upload } from "../sessions/files/files.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Session } from "../sessions/session.ts";

/** What one session may have under way. */
const MOST_AT_ONCE = 4;
/** What is let in without a look at how much room there is, and how long such a look may take. */
const SMALL_BYTES = 1024 * 1024, LOOK_MS = 5_000;

export interface SessionFilesParts {
  readonly engine: Pick<Engine, "files" | "heldBytes" | "space">;
  readonly registry: Registry;
  /** The most that one upload may have. */
  readonly maxBytes: () => number;
  /** What stays free of the machine's disk. */
  readonly minFreeBytes: () => number;
}

/** All of it ends with its session. */
export class OwnSessionFiles implements SessionFiles {
  readonly #parts: SessionFilesParts;
  readonly #busy = new WeakMap<Session, number>();

  constructor(parts: SessionFilesParts) {
    this.#parts = parts;
  }

  place(session: string, signal: AbortSignal): Promise<Place> {
    return this.#with(session, signal, async ({ container }, files, signal) => ({
      ...await files.place(container, signal),
      maxBytes: this.#parts.maxBytes(),
    }));
  }

  stat(session: string, path: string, signal: AbortSignal) {
    return this.#with(
      session,
      signal,
      ({ container }, files, signal) => files.stat(container, path, signal),
    );
  }

  list(session: string, path: string, signal: AbortSignal) {
    return this.#with(
      session,
      signal,
      ({ container }, files, signal) => files.list(container, path, signal),
    );
  }

  async read(session: string, path: string, packing: Packing, signal: AbortSignal) {
    await using held = new AsyncDisposableStack();
    const { session: found, over } = held.use(this.#begin(session, signal));
    const { files } = this.#parts.engine;
    const download = await files.read(found.container, path, packing, over);
    const rest = held.move();
    const body = endingWith(download.body, () => rest.disposeAsync(), over);
    return { ...download, body } satisfies Download;
  }

  write(session: string, path: string, upload: Upload, signal: AbortSignal): Promise<void> {
    return this.#with(session, signal, async (session, files, signal) => {
      await this.#requireRoom(session, path, upload.bytes, signal);
      session.keep();
      await files.write(session.container, path, upload, signal);
      session.keep();
    });
  }

  move(session: string, from: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#with(
      session,
      signal,
      ({ container }, files, signal) => files.move(container, from, to, signal),
    );
  }

  remove(session: string, path: string, signal: AbortSignal): Promise<void> {
    return this.#with(
      session,
      signal,
      ({ container }, files, signal) => files.remove(container, path, signal),
    );
  }

  async #with<T>(
    id: string,
    signal: AbortSignal,
    work: (session: Session, files: Engine["files"], signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using begun = this.#begin(id, signal);
    return await work(begun.session, this.#parts.engine.files, begun.over);
  }

  /** Takes one of a session's places. @throws {FilesError} when none is free, or it has ended */
  #begin(id: string, signal: AbortSignal) {
    const session = this.#parts.registry.find(id);
    if (session?.phase !== "live") throw new FilesError("gone", "This terminal has ended.");
    const busy = this.#busy.get(session) ?? 0;
    if (busy >= MOST_AT_ONCE) {
      const message =
        `This terminal has ${MOST_AT_ONCE} transfers under way: wait for one of them.`;
      throw new FilesError("busy", message);
    }
    this.#busy.set(session, busy + 1);
    const ended = new AbortController();
    const end = () => ended.abort(new FilesError("gone", "The terminal ended meanwhile."));
    let phase: "begun" | "over" = "begun";
    session.ended.then(() => phase === "begun" && end());
    const finish = () => {
      if (phase === "over") return;
      phase = "over";
      this.#busy.set(session, this.#busy.get(session)! - 1);
    };
    const over = AbortSignal.any([signal, ended.signal]);
    return {
      ...{ session, over },
      [Symbol.dispose]: finish,
      [Symbol.asyncDispose]: () => Promise.resolve(finish()),
    };
  }

  /** @throws {FilesError} where an upload cannot end well */
  async #requireRoom(session: Session, path: string, bytes: number, signal: AbortSignal) {
    const { engine, registry, maxBytes, minFreeBytes } = this.#parts;
    const name = oneLine(nameOf(path));
    const size = sizeInWords(bytes);
    if (bytes > maxBytes()) {
      const most = sizeInWords(maxBytes());
      throw new FilesError(
        "large",
        `${name} is too large: ${size}, and ${most} may be copied at once.`,
      );
    }
    const { container, profile } = session;
    if (bytes <= SMALL_BYTES || profile.onHost) return;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
    // What cannot be looked at is left to the disk itself.
    const unknown = () => (signal.throwIfAborted(), null);
    const space = await engine.space(inTime).catch(unknown);
    const free = space === null ? Infinity : space.freeBytes - minFreeBytes();
    const held = registry.boundsDisk
      ? await engine.heldBytes(container, inTime).catch(unknown)
      : null;
    const left = held === null ? Infinity : profile.limits.diskBytes - held;
    const room = Math.max(0, Math.min(free, left));
    if (bytes <= room) return;
    const why = left < free
      ? `this terminal has ${sizeInWords(room)} of its ${
        sizeInWords(profile.limits.diskBytes)
      } left`
      : "the server's disk is nearly full";
    throw new FilesError("full", `There is no room for ${name}: it has ${size}, and ${why}.`);
  }
}
