/** Files and folders of a machine, copied to this computer: whole, or not at all. */
import { basename, dirname, join, resolve } from "node:path";
import { nameOf } from "../../../protocol/paths.ts";
import type { Copied, Copy } from "./copied.ts";
import { folderIn } from "./folder_in.ts";
import type { Place } from "./place.ts";
import { whyNot } from "../why_not.ts";

/** @throws {Error} */
export async function download(place: Place, target: string, copy: Copy): Promise<Copied> {
  const { signal } = copy;
  if (target === "-") {
    const { body, total } = await bodyOf(place, signal);
    using shown = copy.progress(String(place), total);
    await shown.count(body).pipeTo(Deno.stdout.writable, { signal });
    return { path: "-", bytes: shown.bytes, seconds: shown.seconds };
  }
  const entry = await place.look();
  if (entry === null) throw new Error(`there is no ${place}`);
  const isFolder = entry.kind === "folder";
  const path = await targetOf(target, nameOf(place.path) || place.machine);
  if (isFolder && await kindOf(path) !== null) {
    throw new Error(`${path} is there already: remove it first, or copy to another name`);
  }
  // What is not whole has another name, and goes again.
  const meantime = join(dirname(path), `.${basename(path).slice(0, 200)}.${crypto.randomUUID()}`);
  const { body, total } = await bodyOf(place, signal);
  using shown = copy.progress(path, total);
  try {
    const counted = shown.count(body);
    const isNamed = nameOf(place.path) !== "";
    const isWhole = isFolder
      ? await folderIn(counted, meantime, { isNamed, signal })
      : await fileIn(counted, meantime, entry.mode, signal);
    signal.throwIfAborted();
    await Deno.rename(meantime, path);
    if (!isWhole) copy.warn(`some of ${place} could not be read: see ${path}/NOT-COPIED.txt`);
  } catch (error) {
    await Deno.remove(meantime, { recursive: true }).catch(() => {});
    signal.throwIfAborted();
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`cannot write ${path}: ${whyNot(error)}`);
    }
    throw error;
  }
  return { path, bytes: shown.bytes, seconds: shown.seconds };
}

async function bodyOf(place: Place, signal: AbortSignal) {
  const response = await place.api.download(place.address, signal);
  const length = response.headers.get("content-length");
  const total = length === null ? null : Number(length);
  return { body: (response.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>, total };
}

async function fileIn(
  body: ReadableStream<Uint8Array>,
  path: string,
  mode: number,
  signal: AbortSignal,
): Promise<true> {
  const file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  await body.pipeTo(file.writable, { signal });
  await Deno.chmod(path, mode & 0o777);
  return true;
}

/** Into a folder it goes under its own name. @throws {Error} where there is none */
async function targetOf(target: string, name: string): Promise<string> {
  const kind = await kindOf(target);
  if (kind === "folder") return join(target, name);
  if (/(^|\/)\.{0,2}$/.test(target)) throw new Error(`there is no folder ${target}`);
  const folder = dirname(resolve(target));
  if (await kindOf(folder) !== "folder") throw new Error(`there is no folder ${dirname(target)}`);
  return target;
}

async function kindOf(path: string): Promise<"folder" | "other" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
