/** What a client of SFTP has open: a file that is read or written from its start to its end, or a folder. */
import { concat } from "../bytes.ts";
import { type Amends, type Entry, FilesError } from "../protocol/files.ts";
import type { SessionFiles } from "../sessions/files/files.ts";

/** How often one file may be begun again, to be read from an earlier place. */
const REWINDS = 16;
/** How many entries of a folder are in one answer. */
const ENTRIES_AT_ONCE = 100;

/** Where the files are, and until when. */
export interface Room {
  readonly files: SessionFiles;
  /** What the agent knows it by. */
  readonly of: string;
  readonly over: AbortSignal;
}

export type Handle = Reading | Writing | Folder;

/** A file that is read. */
export class Reading implements AsyncDisposable {
  readonly kind = "reading";
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read and not asked for yet, and its place in the file. */
  #held: Uint8Array = new Uint8Array();
  #at = 0;
  #rewinds = 0;

  private constructor(
    readonly room: Room,
    readonly path: string,
    body: ReadableStream<Uint8Array>,
  ) {
    this.#reader = body.getReader();
  }

  /** @throws {FilesError} also where it is no file */
  static async open(room: Room, path: string): Promise<Reading> {
    return new Reading(room, path, await bodyOf(room, path));
  }

  /** So many bytes from there on, fewer only at the end; null after it. @throws {FilesError} */
  async read(offset: number, bytes: number): Promise<Uint8Array | null> {
    if (offset < this.#at) await this.#rewind();
    while (this.#at < offset) {
      if (!await this.#fill()) return null;
      this.#take(offset - this.#at);
    }
    const pieces: Uint8Array[] = [];
    let missing = bytes;
    while (missing > 0 && await this.#fill()) {
      const piece = this.#take(missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    if (missing === bytes) return null;
    return pieces.length === 1 ? pieces[0]! : concat(pieces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #rewind(): Promise<void> {
    if (++this.#rewinds > REWINDS) {
      throw new FilesError("unable", "A file is read from its start to its end here.");
    }
    await this[Symbol.asyncDispose]();
    this.#reader = (await bodyOf(this.room, this.path)).getReader();
    [this.#held, this.#at] = [new Uint8Array(), 0];
  }

  async #fill(): Promise<boolean> {
    while (this.#held.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      this.#held = value;
    }
    return true;
  }

  #take(most: number): Uint8Array {
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    this.#at += piece.length;
    return piece;
  }
}

async function bodyOf({ files, of, over }: Room, path: string) {
  const { kind, body } = await files.read(of, path, "tar", over);
  if (kind === "file") return body;
  await body.cancel();
  throw new FilesError("kind", `${path} is a folder.`);
}

/** A file that is written; it is there once it is closed. */
export class Writing implements AsyncDisposable {
  readonly kind = "writing";
  readonly #stop = new AbortController();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #done: Promise<void>;
  #at = 0;
  #kept: number;
  #amends: Amends = { mode: null, changed: null };

  /**
   * @param parts `mode` is its permissions, null for what is usual; `kept` how many bytes of a file
   *   that is there stay unless they are written over or cut off, as scp(1) does
   */
  constructor(
    readonly room: Room,
    readonly path: string,
    { mode, kept }: { readonly mode: number | null; readonly kept: number },
  ) {
    this.#kept = kept;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {}); // what is wrong is told by the upload
    const over = AbortSignal.any([room.over, this.#stop.signal]);
    const upload = { kind: "file", bytes: null, body: readable, replace: true } as const;
    this.#done = room.files.write(
      room.of,
      path,
      { ...upload, ...(mode !== null && { mode }) },
      over,
    );
    this.#done.catch(() => {});
  }

  /** How much it has so far. */
  get bytes(): number {
    return this.#at;
  }

  /** @throws {FilesError} also where that is not what comes next; then none of it is kept */
  async write(offset: number, data: Uint8Array): Promise<void> {
    if (offset !== this.#at) {
      const message = this.#at === 0
        ? "An upload cannot be resumed: send the whole file."
        : "A file is written from its start to its end here.";
      this.#stop.abort(new FilesError("unable", message));
    }
    this.#stop.signal.throwIfAborted();
    // An error of the stream follows from one of the upload, which says why.
    const taken = this.#writer.write(data).catch(() => this.#done);
    await Promise.race([taken, this.#done]);
    this.#at += data.length;
  }

  /** Has it end behind what was written. @throws {FilesError} for any other place */
  cut(bytes: number): void {
    if (bytes !== this.#at) {
      throw new FilesError("unable", "A file is not cut here: send it whole.");
    }
    this.#kept = 0;
  }

  /** Once it is there. */
  amend({ mode, changed }: Amends): void {
    this.#amends = { mode: mode ?? this.#amends.mode, changed: changed ?? this.#amends.changed };
  }

  /** Resolves when it is there. @throws {FilesError} */
  async finish(): Promise<void> {
    const { files, of, over } = this.room;
    this.#stop.signal.throwIfAborted();
    if (this.#at < this.#kept) {
      throw new FilesError("unable", `The rest of ${this.path} would be lost: send it whole.`);
    }
    await this.#writer.close().catch(() => {});
    await this.#done;
    const { mode, changed } = this.#amends;
    if (mode !== null || changed !== null) await files.amend(of, this.path, this.#amends, over);
  }

  /** What was not finished is not kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new FilesError("broken", "It was not sent whole."));
    await this.#writer.abort().catch(() => {});
    await this.#done.catch(() => {});
  }
}

/** A folder that is listed. */
export class Folder implements AsyncDisposable {
  readonly kind = "folder";
  #at = 0;

  private constructor(
    private readonly path: string,
    private readonly entries: readonly Entry[],
    private readonly more: boolean,
  ) {}

  /** @throws {FilesError} */
  static async open({ files, of, over }: Room, path: string): Promise<Folder> {
    const { entries, more } = await files.list(of, path, over);
    return new Folder(path, entries, more);
  }

  /** The next ones; null when there are no more. @throws {FilesError} where some cannot be told */
  next(): readonly Entry[] | null {
    const entries = this.entries.slice(this.#at, this.#at += ENTRIES_AT_ONCE);
    if (entries.length > 0) return entries;
    if (!this.more) return null;
    throw new FilesError("unable", `${this.path} has more entries than can be listed.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
