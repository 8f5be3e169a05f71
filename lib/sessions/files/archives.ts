/** Archives on their way: what comes in is looked at entry by entry, what goes out is packed. */
import { makeZip } from "client-zip";
import { createTarPacker, type TarHeader } from "modern-tar";
import { FilesError } from "../../protocol/files.ts";
import { cleanPath } from "../../protocol/paths.ts";
import { oneLine } from "../../protocol/line.ts";
import { readTar, type TarEntry, type TarEntryHeader } from "./tar_reader.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The most entries of one folder on its way in. */
const UPLOAD_ENTRIES = 100_000;
/** The longest name of an entry on its way out, longer than tar(1) can reach, and of links together. */
const NAME_CHARS = 64 * 1024, LINKS_CHARS = 8 * 1024 * 1024;
/** How much of a name is told. */
const TOLD_CHARS = 300;
/** Without those that have a program run as somebody else. */
const PERMISSIONS = 0o777;

/**
 * A tar that somebody sent, null for an empty one, with nothing in it but files and folders below `all`, all of them root's,
 * and `end` as its last entry. Links and the like are left out.
 *
 * @throws {FilesError} as an error of the stream, for names that lead elsewhere
 */
export function safeTar(tar: ReadableStream<Uint8Array> | null, mtime = new Date()): Bytes {
  return packed(async function* () {
    yield { header: { name: "all/", type: "directory", size: 0, mode: 0o755, mtime } };
    let count = 0;
    for await (const { header, body } of tar === null ? [] : readTar(tar)) {
      if (++count > UPLOAD_ENTRIES) {
        const message = `A folder can have ${UPLOAD_ENTRIES} files at most to be copied at once.`;
        throw new FilesError("large", message);
      }
      const { type, size } = header;
      if (type !== "file" && type !== "directory") continue;
      const path = cleanPath(`/${header.name.replace(/^(\.\/)+/, "").replace(/^\.$/, "")}`);
      if (path === null || header.name.startsWith("/")) {
        const named = oneLine(header.name.slice(0, TOLD_CHARS));
        throw new FilesError(
          "broken",
          `The name ${named} leads out of the folder, or is too long.`,
        );
      }
      const name = `all${path}`;
      const own = { mode: header.mode & PERMISSIONS, mtime: header.mtime };
      if (type === "file") yield { header: { ...own, name, type, size }, body };
      else if (path !== "/") yield { header: { ...own, name: `${name}/`, type, size: 0 } };
    }
    yield { header: { name: "end", type: "file", size: 0, mode: 0o644, mtime } };
  });
}

/**
 * A folder's tar under the folder's own name, its devices and pipes left out.
 *
 * @param failure asked at the end: what could not be read, which is told in a file of the archive
 */
export function namedTar(tar: Bytes, name: string, failure: () => Promise<string | null>): Bytes {
  return packed(async function* () {
    const links: TarHeader[] = [];
    let chars = 0;
    for await (const { header, body } of outgoing(tar)) {
      const own = { ...header, name: under(name, header.name) };
      if (header.type === "link") own.linkname = under(name, header.linkname);
      if (header.type !== "symlink") {
        yield { header: own, body };
        continue;
      }
      own.name = own.name.replace(/\/$/, "");
      chars += own.name.length + own.linkname.length;
      if (chars > LINKS_CHARS) throw new FilesError("large", "This folder has too many links.");
      links.push(own);
    }
    // Links go last, what would be in one before it: nothing is unpacked through a link.
    links.sort((one, other) => other.name.length - one.name.length);
    for (const header of links) yield { header };
    const why = await failure();
    if (why === null) return;
    const text = new TextEncoder().encode(why);
    const header: TarHeader = { name: under(name, NOT_READ), type: "file", size: text.length };
    yield { header, body: ReadableStream.from([text]) };
  });
}

const NOT_READ = "./NOT-COPIED.txt";

/** The same as a zip, without its links. */
export function namedZip(tar: Bytes, name: string, failure: () => Promise<string | null>): Bytes {
  // To some who unpack it, this is another slash.
  const inZip = (path: string) => under(name, path).replaceAll("\\", "_");
  return makeZip((async function* () {
    for await (const { header, body } of outgoing(tar)) {
      const { mtime: lastModified, mode } = header;
      const own = { name: inZip(header.name), lastModified, mode };
      if (header.type === "directory") yield own;
      else if (header.type === "file") yield { ...own, size: header.size, input: body };
    }
    const why = await failure();
    if (why !== null) yield { name: inZip(NOT_READ), input: why };
  })()) as Bytes;
}

type Outgoing = TarEntry & { header: { readonly type: Exclude<TarEntryHeader["type"], "other"> } };

/**
 * A program in the container packs it, and somebody else unpacks it: no name leads out of the folder.
 *
 * @throws {FilesError} where one does
 */
async function* outgoing(tar: Bytes): AsyncGenerator<Outgoing> {
  for await (const { header, body } of readTar(tar)) {
    const { type, mode, name, linkname } = header;
    if (type === "other") continue;
    for (const path of type === "link" ? [name, linkname] : [name]) {
      if (path.length <= NAME_CHARS && !path.split("/").includes("..")) continue;
      throw new FilesError("broken", "The folder's archive has a name that leads out of it.");
    }
    yield { header: { ...header, type, mode: mode & PERMISSIONS }, body };
  }
}

/** "./a//b/" as "name/a/b/", with a slash at the end where there was one; without a name, as of the root, "a/b/". */
function under(name: string, path: string): string {
  const parts = [name, ...path.split("/")].filter((part) => part !== "" && part !== ".");
  const whole = parts.join("/") || ".";
  return /(^\.|\/)$/.test(path) ? `${whole}/` : whole;
}

interface Piece {
  readonly header: TarHeader;
  readonly body?: ReadableStream<Uint8Array>;
}

/** A tar of what is given, one entry after the other. */
function packed(pieces: () => AsyncGenerator<Piece>): Bytes {
  const { readable, controller } = createTarPacker();
  const pack = async () => {
    for await (const { header, body } of pieces()) {
      const entry = controller.add(header);
      if (body) await body.pipeTo(entry);
      else await entry.close();
    }
    controller.finalize();
  };
  pack().catch((error) => controller.error(error));
  return readable;
}
