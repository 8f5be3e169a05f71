/** A small text file parsed once per change, so that an edit counts at the very next look. */

/** The longest file that is read, in bytes. */
export const FILE_BYTES = 4 * 1024 * 1024;

/** A file changed this shortly before it was read may change again unseen: it is read once more. */
const SETTLE_MS = 100;

/** Reads a text file again whenever its time, size or inode changed. */
export class FreshFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #seen: { version: string; settled: boolean; text: string; value: T } | null = null;

  /** `parse` is called once for each text that differs from the one before. */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  /**
   * The parsed text as it is now. Synchronous, as it costs one stat(2) where nothing changed.
   *
   * @throws {Error} what stat(2), read(2) or `parse` said, or that the file is too long
   */
  read(): T {
    const info = Deno.statSync(this.#path);
    if (!info.isFile) throw new Error("it is not a regular file");
    if (info.size > FILE_BYTES) throw new Error(`it is over ${FILE_BYTES} bytes long`);
    const changedMs = Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
    const version = `${changedMs} ${info.mtime?.getTime()} ${info.size} ${info.ino}`;
    if (this.#seen?.version === version && this.#seen.settled) return this.#seen.value;
    const settled = Date.now() - changedMs > SETTLE_MS;
    const text = Deno.readTextFileSync(this.#path);
    const value = this.#seen?.text === text ? this.#seen.value : this.#parse(text);
    this.#seen = { version, settled, text, value };
    return value;
  }
}
