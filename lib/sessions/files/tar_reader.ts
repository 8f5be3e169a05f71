/** Reads a tar archive as it comes (pax(1), and GNU's long names), within bounds whatever is in it. */
import { FilesError } from "../../protocol/files.ts";

const BLOCK_BYTES = 512;
/** The longest that may be said of an entry before it: its name, and what else somebody keeps there. */
const EXTRA_BYTES = 1024 * 1024;
/** How much may follow the end: tar(1) fills up what it writes. */
const FILLING_BYTES = 1024 * 1024;
/** The last second that a header can name: eleven octal digits. */
const LAST_SECOND = 0o77777777777;
/** The digits of the length that a record of pax begins with. */
const LENGTH_DIGITS = 8;
const DECODER = new TextDecoder();
const SPACE = 0x20, NEWLINE = 0x0a;

const TYPES = {
  "\0": "file",
  "0": "file",
  "7": "file", // "contiguous"
  "1": "link",
  "2": "symlink",
  "5": "directory",
} as const;

function typeOf(flag: string): TarEntryHeader["type"] {
  return Object.hasOwn(TYPES, flag) ? TYPES[flag as keyof typeof TYPES] : "other";
}

/** What is told of an entry. */
export interface TarEntryHeader {
  readonly name: string;
  /** "other" is a device, a pipe, or what is not known here. */
  readonly type: typeof TYPES[keyof typeof TYPES] | "other";
  readonly linkname: string;
  /** How much `body` has. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
}

/** One entry; what nobody reads of its body is passed over. */
export interface TarEntry {
  readonly header: TarEntryHeader;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The entries of a tar. @throws {FilesError} while they are read, when it is broken */
export async function* readTar(tar: ReadableStream<Uint8Array>): AsyncGenerator<TarEntry> {
  const bytes = new Bytes(tar);
  try {
    for (let extra: Extra = {};;) {
      const block = await bytes.whole(BLOCK_BYTES);
      if (block.every((byte) => byte === 0)) return await bytes.passOver(FILLING_BYTES, "end");
      const { flag, ...told } = headerOf(block);
      if ("xgLK".includes(flag)) {
        if (told.size > EXTRA_BYTES) throw broken("says too much of an entry");
        const data = await bytes.whole(told.size);
        await bytes.passOver(fillingOf(told.size));
        if (flag !== "g") extra = { ...extra, ...extraOf(flag, data) };
        continue;
      }
      const type = typeOf(flag);
      const { seconds, ...rest } = { ...told, ...extra };
      extra = {};
      // An old way to say that it is a folder.
      const isFolder = type === "directory" || (type === "file" && rest.name.endsWith("/"));
      const size = type === "file" || type === "other" ? rest.size : 0;
      if (!Number.isSafeInteger(size) || rest.name.includes("\0") || rest.linkname.includes("\0")) {
        throw broken("has a header that is none");
      }
      const header: TarEntryHeader = {
        ...rest,
        type: isFolder ? "directory" : type,
        size,
        uid: rest.uid || 0,
        gid: rest.gid || 0,
        mtime: new Date(Math.min(Math.max(seconds || 0, 0), LAST_SECOND) * 1000),
      };
      const body = bytes.part(size);
      yield { header, body: ReadableStream.from(body.pieces()) };
      await bytes.passOver(body.left + fillingOf(size));
    }
  } finally {
    await bytes.cancel();
  }
}

/** What a header has of an entry; a number that is none is NaN. */
interface Told {
  readonly name: string;
  readonly linkname: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly seconds: number;
}
type Extra = Partial<Told>;

function headerOf(block: Uint8Array): Told & { readonly flag: string } {
  let sum = 8 * SPACE; // in the place of the sum itself
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < 148 || at >= 156) sum += block[at]!;
  if (sum !== numberIn(block, 148, 8)) throw broken("has a header that is none");
  // GNU's own format has other things where the prefix is.
  const prefix = textIn(block, 257, 6) === "ustar" ? textIn(block, 345, 155) : "";
  const name = textIn(block, 0, 100);
  return {
    flag: String.fromCharCode(block[156]!),
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkname: textIn(block, 157, 100),
    size: numberIn(block, 124, 12),
    mode: numberIn(block, 100, 8) || 0,
    uid: numberIn(block, 108, 8),
    gid: numberIn(block, 116, 8),
    seconds: numberIn(block, 136, 12),
  };
}

function textIn(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return end === 0 ? "" : DECODER.decode(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits or, where its first bit is set, bytes of a number (GNU's tar). */
function numberIn(block: Uint8Array, at: number, length: number): number {
  const first = block[at]!;
  if (first >= 0x80) {
    const others = block.subarray(at + 1, at + length);
    const number = others.reduce((number, byte) => number * 256 + byte, first & 0x7f);
    return Number.isSafeInteger(number) ? number : NaN;
  }
  const digits = textIn(block, at, length).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(`0${digits}`, 8) : NaN;
}

/** What an entry of its own says of the next one. */
function extraOf(flag: string, data: Uint8Array): Extra {
  const text = textIn(data, 0, data.length);
  if (flag === "L") return { name: text };
  return flag === "K" ? { linkname: text } : paxOf(data);
}

/** The records of pax, each "LENGTH KEY=VALUE\n" with the length of all of it. */
function paxOf(data: Uint8Array): Extra {
  const values = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(SPACE, at);
    // Looked at before it is read: what has no end would be read again for each record.
    if (space < 0 || space - at > LENGTH_DIGITS) throw broken("has a record that is none");
    const digits = DECODER.decode(data.subarray(at, space));
    const end = at + (/^\d+$/.test(digits) ? Number(digits) : NaN);
    if (!(end > space + 1 && data[end - 1] === NEWLINE)) throw broken("has a record that is none");
    const record = DECODER.decode(data.subarray(space + 1, end - 1));
    const equals = record.indexOf("=");
    values.set(record.slice(0, Math.max(0, equals)), record.slice(equals + 1));
    at = end;
  }
  const text = (key: string) => values.get(key);
  const number = (key: string, shape = /^\d{1,16}$/) => {
    const value = values.get(key);
    return value === undefined ? undefined : shape.test(value) ? Number(value) : NaN;
  };
  const all = {
    name: text("path"),
    linkname: text("linkpath"),
    size: number("size"),
    uid: number("uid"),
    gid: number("gid"),
    seconds: number("mtime", /^-?\d{1,16}(\.\d*)?$/),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function fillingOf(size: number): number {
  return (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
}

function broken(why: string, options?: ErrorOptions): FilesError {
  const message = `What came is no tar archive, or not a whole one: it ${why}.`;
  return new FilesError("broken", message, options);
}

/** A stream, read by lengths. */
class Bytes {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** So many bytes. @throws {FilesError} when there are fewer */
  async whole(count: number): Promise<Uint8Array> {
    if (this.#held.length >= count) return this.#take(count);
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const piece = await this.#some(count - at);
      if (piece === null) throw broken("ends too soon");
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** @param count of those that must be there or, before the end, of those that may be */
  async passOver(count: number, before?: "end"): Promise<void> {
    let left = count - this.#take(count).length;
    while (left > 0) {
      const piece = await this.#some(left);
      if (piece === null && before === "end") return;
      if (piece === null) throw broken("ends too soon");
      left -= piece.length;
    }
    if (before === "end") throw broken("goes on after its end");
  }

  /** The next bytes as they come, for as long as somebody reads them. */
  part(count: number) {
    const part = {
      left: count,
      pieces: async function* (this: void) {
        while (part.left > 0) {
          const piece = await some(part.left);
          if (piece === null) throw broken("ends too soon");
          part.left -= piece.length;
          yield piece.slice();
        }
      },
    };
    const some = (most: number) => this.#some(most);
    return part;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel().catch(() => {});
  }

  async #some(most: number): Promise<Uint8Array | null> {
    while (this.#held.length === 0) {
      const next = await this.#reader.read().catch((cause) => {
        throw cause instanceof FilesError ? cause : broken("ends too soon", { cause });
      });
      if (next.done) return null;
      this.#held = next.value;
    }
    return this.#take(most);
  }

  #take(most: number): Uint8Array {
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }
}
