/** What a person drops or chooses: files, and folders with all that is in them. */
/// <reference lib="dom" />
import { folderTar, type TarPart } from "./folder_tar.ts";

/** One thing on its way, under the name that it shall have. */
export interface Parcel {
  readonly name: string;
  readonly isFolder: boolean;
  /** What is sent: a folder is packed when it is its turn. */
  body(): Promise<Blob>;
}

/** Chosen files, and folders where the browser tells of paths in them. */
export function parcelsOf(files: Iterable<File>): Parcel[] {
  const folders = new Map<string, TarPart[]>();
  const parcels: Parcel[] = [];
  for (const file of files) {
    const [top = "", ...rest] = file.webkitRelativePath.split("/");
    if (rest.length === 0) parcels.push(parcelOf(file));
    else {
      if (!folders.has(top)) folders.set(top, []);
      folders.get(top)!.push({ path: rest.join("/"), file });
    }
  }
  for (const [name, parts] of folders) {
    parcels.push({ name, isFolder: true, body: () => folderTar(parts) });
  }
  return parcels;
}

/** What was dropped. */
export function parcelsOfDrop(dropped: readonly (FileSystemEntry | File)[]): Parcel[] {
  return dropped.map((one) => {
    if (one instanceof File) return parcelOf(one);
    const { name, isDirectory } = one;
    return {
      name,
      isFolder: isDirectory,
      body: async () => isDirectory ? await folderTar(await partsIn(one, "")) : await fileOf(one),
    };
  });
}

function parcelOf(file: File): Parcel {
  return { name: file.name, isFolder: false, body: () => Promise.resolve(file) };
}

function fileOf(entry: FileSystemEntry): Promise<File> {
  return new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
}

/** Everything below a folder, the folders before what is in them. */
async function partsIn(folder: FileSystemEntry, path: string): Promise<TarPart[]> {
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  const parts: TarPart[] = [];
  while (true) { // each call gives some of them
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (some.length === 0) return parts;
    for (const entry of some) {
      const inner = path + entry.name;
      if (entry.isDirectory) {
        parts.push({ path: `${inner}/`, file: null }, ...await partsIn(entry, `${inner}/`));
      } else parts.push({ path: inner, file: await fileOf(entry) });
    }
  }
}
