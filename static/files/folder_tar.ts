/** A folder as a tar that is never in memory: the browser reads the files while it sends them. */
import { createTarPacker, type TarHeader } from "modern-tar";

/** A file, or a folder with a slash at its path's end. */
export interface TarPart {
  readonly path: string;
  readonly file: File | null;
}

const BLOCK_BYTES = 512;
/** What a tar ends with. */
const END = new Uint8Array(2 * BLOCK_BYTES);

/** A blob of blobs, which is no copy of them. */
export async function folderTar(parts: readonly TarPart[]): Promise<Blob> {
  const pieces: BlobPart[] = [];
  for (const { path, file } of parts) {
    if (file === null) pieces.push(...await headOf({ name: path, size: 0, type: "directory" }));
    else {
      const { size, lastModified } = file;
      pieces.push(...await headOf({ name: path, size, mtime: new Date(lastModified) }));
      pieces.push(file, new Uint8Array(-size & (BLOCK_BYTES - 1)));
    }
  }
  return new Blob([...pieces, END]);
}

/** What the packer writes before the bytes of an entry. */
async function headOf(header: TarHeader): Promise<BlobPart[]> {
  const { readable, controller } = createTarPacker();
  const reader = readable.getReader();
  const body = controller.add(header).getWriter();
  // Of these it writes a byte that is known again.
  const mark = new Uint8Array(1);
  if (header.size > 0) void body.write(mark).catch(() => {});
  else {
    await body.close();
    controller.finalize();
  }
  const pieces: BlobPart[] = [];
  for (let next; !(next = await reader.read()).done && next.value !== mark;) {
    pieces.push(next.value);
  }
  await reader.cancel();
  return header.size > 0 ? pieces : [new Blob(pieces).slice(0, -END.length)];
}
