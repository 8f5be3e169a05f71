/** A folder that comes as a tar, unpacked on this computer: nothing of it is put outside. */
import { dirname, join } from "node:path";
import { cleanPath } from "../../../protocol/paths.ts";
import { readTar } from "../../../sessions/files/tar_reader.ts";

/** What a gateway lists in it that could not be read. */
const NOT_COPIED = "NOT-COPIED.txt";

/**
 * Unpacks it into a new folder. Links are made when all else is there, so that nothing is put
 * through one.
 *
 * @returns whether all of it could be read
 * @throws {Error} where something cannot be written, or the archive is none
 */
export async function folderIn(
  tar: ReadableStream<Uint8Array>,
  into: string,
  { isNamed, signal }: {
    /** Whether all names in it begin with that of the folder. */
    readonly isNamed: boolean;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  const within = (name: string) => join(into, ...partsOf(name).slice(isNamed ? 1 : 0));
  await Deno.mkdir(into, { mode: 0o700 });
  const links: { readonly from: string; readonly to: string }[] = [];
  const folders: { readonly path: string; readonly mode: number; readonly mtime: Date }[] = [];
  let isWhole = true;
  for await (const { header, body } of readTar(tar)) {
    signal.throwIfAborted();
    const { type: kind, mode, mtime } = header;
    const path = within(header.name);
    if (kind !== "directory") await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    switch (kind) {
      case "directory":
        await Deno.mkdir(path, { recursive: true, mode: 0o700 });
        folders.push({ path, mode, mtime });
        break;
      case "file": {
        if (path === join(into, NOT_COPIED)) isWhole = false;
        const file = await Deno.open(path, { createNew: true, write: true });
        await body.pipeTo(file.writable, { signal });
        await Deno.chmod(path, mode & 0o777);
        await Deno.utime(path, mtime, mtime);
        break;
      }
      case "link":
        await Deno.link(within(header.linkname), path);
        break;
      case "symlink":
        links.push({ from: header.linkname, to: path });
        break;
      case "other":
        break;
      default:
        kind satisfies never;
    }
  }
  for (const { from, to } of links) await Deno.symlink(from, to);
  // The deepest first: what may not be written any more changes no more, either.
  for (const { path, mode, mtime } of folders.reverse()) {
    await Deno.chmod(path, mode & 0o777);
    await Deno.utime(path, mtime, mtime);
  }
  return isWhole;
}

/** @throws {Error} for a name that leads elsewhere */
function partsOf(name: string): string[] {
  const path = cleanPath(`/${name}`);
  if (path !== null && !name.startsWith("/")) return path.split("/").slice(1);
  throw new Error("the archive has a name that leads out of it");
}
