/** A folder of this computer as a tar, whose length is known before. */
import { createTarPacker, packTar, type TarHeader } from "modern-tar";
import { basename, join, resolve } from "node:path";

/** The most entries, which is what a gateway takes. */
const ENTRIES = 100_000;
const BLOCK_BYTES = 512;
/** The two empty blocks that end a tar. */
const END_BYTES = 2 * BLOCK_BYTES;

interface Piece {
  readonly header: TarHeader & { readonly size: number };
  /** Of a file. */
  readonly path: string | null;
}

export interface OutgoingFolder {
  readonly bytes: number;
  readonly body: ReadableStream<Uint8Array>;
  /** How many links, devices and the like are left out. */
  readonly leftOut: number;
}

/** @throws {Error} for one that cannot be read, or has too many entries */
export async function folderOut(folder: string): Promise<OutgoingFolder> {
  const pieces: Piece[] = [];
  let [leftOut, bytes] = [0, END_BYTES];
  const walk = async (dir: string, prefix: string) => {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    for (const { name } of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
      const path = join(dir, name);
      const { isFile, isDirectory, size, mode, mtime } = await Deno.lstat(path);
      if (!isFile && !isDirectory) {
        leftOut++;
        continue;
      }
      if (pieces.length >= ENTRIES) throw new Error(`${folder} has over ${ENTRIES} files`);
      const own = { mode: (mode ?? 0o644) & 0o777, mtime: mtime ?? new Date(0) };
      const header: Piece["header"] = isDirectory
        ? { ...own, name: `${prefix}${name}/`, type: "directory", size: 0 }
        : { ...own, name: `${prefix}${name}`, type: "file", size };
      pieces.push({ header, path: isFile ? path : null });
      bytes += await headBytes(header) + Math.ceil(header.size / BLOCK_BYTES) * BLOCK_BYTES;
      if (isDirectory) await walk(path, header.name);
    }
  };
  await walk(folder, "");
  return { bytes, body: packed(pieces), leftOut };
}

/** What a folder is called, also where it is written as "." or "..". */
export function folderName(folder: string): string {
  return basename(resolve(folder)) || "files";
}

/** How long all is that stands before an entry's bytes: more than a block where its name needs it. */
async function headBytes({ name, size, ...rest }: Piece["header"]): Promise<number> {
  // deno-lint-ignore no-control-regex -- ASCII
  if (/^[\x00-\x7f]{0,99}$/.test(name) && size < 8 ** 11) return BLOCK_BYTES;
  const empty = await packTar([{ header: { ...rest, name, size: 0 } }]);
  return empty.length - END_BYTES;
}

function packed(pieces: readonly Piece[]): ReadableStream<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const pack = async () => {
    for (const { header, path } of pieces) {
      const entry = controller.add(header);
      if (path === null) await entry.close();
      else await exactly(path, header.size).pipeTo(entry);
    }
    controller.finalize();
  };
  pack().catch((error) => controller.error(error));
  return readable;
}

/** So many bytes of a file. @throws {Error} as an error of the stream, where it has become shorter */
export function exactly(path: string, bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  let file: Deno.FsFile | null = null;
  const close = () => {
    file?.close();
    file = null;
  };
  return new ReadableStream<Uint8Array>({
    async pull(on) {
      try {
        file ??= await Deno.open(path);
        const buffer = new Uint8Array(Math.min(left, PIECE_BYTES));
        const count = left === 0 ? 0 : await file.read(buffer);
        if (count === null) throw new Error(`${path} has become shorter meanwhile`);
        left -= count;
        if (count > 0) on.enqueue(buffer.subarray(0, count));
        if (left > 0) return;
        close();
        on.close();
      } catch (error) {
        close();
        on.error(error);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

const PIECE_BYTES = 256 * 1024;
