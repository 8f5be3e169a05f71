/** Files of several places as those of one. */
import type { Files } from "./files.ts";

/** Each call goes to the one that has what it is about. */
export function routed<F extends Files>(find: (of: string) => F | Promise<F>): Files & F {
  const files: Files = {
    place: async (of, ...rest) => await (await find(of)).place(of, ...rest),
    stat: async (of, ...rest) => await (await find(of)).stat(of, ...rest),
    list: async (of, ...rest) => await (await find(of)).list(of, ...rest),
    read: async (of, ...rest) => await (await find(of)).read(of, ...rest),
    write: async (of, ...rest) => await (await find(of)).write(of, ...rest),
    move: async (of, ...rest) => await (await find(of)).move(of, ...rest),
    remove: async (of, ...rest) => await (await find(of)).remove(of, ...rest),
    amend: async (of, ...rest) => await (await find(of)).amend(of, ...rest),
  };
  return files as Files & F; // each answers as its own kind does
}
