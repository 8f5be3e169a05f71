/** Files and folders of this computer, copied into a machine. */
import { basename } from "node:path";
import { ApiError } from "../../../client/errors.ts";
import { exactly, folderName, folderOut } from "./folder_out.ts";
import type { Place } from "./place.ts";
import type { Copied, Copy } from "./copied.ts";
import { whyNot } from "../why_not.ts";

const MEND = "remove it first, or copy to another name";

/** @throws {Error} */
export async function upload(source: string, place: Place, copy: Copy): Promise<Copied> {
  if (source === "-") return await uploadInput(place, copy);
  const { isFile, isDirectory, size, mode } = await Deno.stat(source).catch((error) => {
    throw new Error(`cannot copy ${source}: ${whyNot(error)}`);
  });
  if (!isFile && !isDirectory) throw new Error(`${source} is neither a file nor a folder`);
  const target = await targetOf(place, isFile ? basename(source) : folderName(source));
  if (isFile) {
    const query = `?replace&mode=${((mode ?? 0o644) & 0o777).toString(8)}`;
    return await send(target, query, { body: exactly(source, size), bytes: size }, copy);
  }
  const { leftOut, ...tar } = await folderOut(source);
  try {
    const copied = await send(target, "?folder", tar, copy);
    if (leftOut > 0) copy.warn(`links and devices are left out: ${leftOut} in ${source}`);
    return copied;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    throw new Error(`${target} is there already: ${MEND}`);
  }
}

/** How long it is must be known before: it is kept in a file without a name until it has ended. */
async function uploadInput(place: Place, copy: Copy): Promise<Copied> {
  if (place.isFolder || (await place.look())?.kind === "folder") {
    throw new Error(`${place} is a folder: what comes from standard input needs a name`);
  }
  const path = await Deno.makeTempFile({ prefix: "ttygate-" });
  try {
    let bytes = 0;
    const bounded = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, on) {
        bytes += piece.length;
        if (bytes > place.maxBytes) throw new Error("standard input is too large to be copied");
        on.enqueue(piece);
      },
    });
    const file = await Deno.open(path, { write: true });
    await Deno.stdin.readable.pipeThrough(bounded).pipeTo(file.writable, { signal: copy.signal });
    return await send(place, "?replace", { body: exactly(path, bytes), bytes }, copy);
  } finally {
    await Deno.remove(path);
  }
}

/** Into a folder it goes under its own name. @throws {Error} where the place is none */
async function targetOf(place: Place, name: string): Promise<Place> {
  const there = await place.look();
  if (there?.kind === "folder") {
    const own = place.in(name);
    if ((await own.look())?.kind === "folder") throw new Error(`${own} is there already: ${MEND}`);
    return own;
  }
  if (place.isFolder) throw new Error(`there is no folder ${place}`);
  return place;
}

async function send(
  target: Place,
  query: string,
  { body, bytes }: { readonly body: ReadableStream<Uint8Array>; readonly bytes: number },
  { progress, signal }: Copy,
): Promise<Copied> {
  using shown = progress(String(target), bytes);
  const counted = shown.count(body);
  await target.api.upload(target.address + query, { body: counted, bytes }, signal);
  return { path: String(target), bytes, seconds: shown.seconds };
}
