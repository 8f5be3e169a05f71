/** The files of shells, which are those of the containers that they run in. */
import type { Files } from "./files.ts";

/** Where a shell runs, and the folder that it is in. */
export interface ShellPlaces {
  of(id: string): string;
  folder(id: string, signal: AbortSignal): Promise<string | null>;
}

/** Files by the ids of shells, of files by the ids of containers. */
export function filesOf(files: Files, { of, folder }: ShellPlaces): Files {
  return {
    place: async (id, signal) => {
      const { home } = await files.place(of(id), signal);
      return { home, folder: await folder(id, signal) };
    },
    stat: async (id, ...rest) => await files.stat(of(id), ...rest),
    list: async (id, ...rest) => await files.list(of(id), ...rest),
    read: async (id, ...rest) => await files.read(of(id), ...rest),
    write: async (id, ...rest) => await files.write(of(id), ...rest),
    move: async (id, ...rest) => await files.move(of(id), ...rest),
    remove: async (id, ...rest) => await files.remove(of(id), ...rest),
    amend: async (id, ...rest) => await files.amend(of(id), ...rest),
  };
}
