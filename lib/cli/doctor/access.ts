/** Whether a user may read a file, by the modes along its path (path_resolution(7)); ACLs are not seen. */
import { dirname } from "node:path";

/** The bits of a mode, for one of owner, group and others. */
export const READ = 4, WRITE = 2;
const SEARCH = 1;

/** Who somebody is to the file system. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
}

/** What stat(2) says that counts here. */
export interface Modes {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Whether the identity has all of these rights. */
export function isAllowed({ uid, gids }: Identity, file: Modes, rights: number): boolean {
  if (uid === 0) return true;
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & rights) === rights;
}

/**
 * The first place along the path that keeps the identity from the file, null when it has all of
 * these rights on it.
 *
 * @throws {Deno.errors.NotFound} when there is no such file, or what stat(2) says otherwise
 */
export async function barrierTo(
  path: string,
  who: Identity,
  rights = READ,
): Promise<string | null> {
  const real = await Deno.realPath(path);
  const directories: string[] = [];
  for (let at = dirname(real);; at = dirname(at)) {
    directories.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const directory of directories) {
    if (!isAllowed(who, modesOf(await Deno.stat(directory)), SEARCH)) return directory;
  }
  return isAllowed(who, modesOf(await Deno.stat(real)), rights) ? null : real;
}

export function modesOf({ uid, gid, mode }: Deno.FileInfo): Modes {
  return { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0 };
}

/**
 * A user by /etc/passwd and /etc/group; null when they do not have it.
 *
 * @param groups groups besides those that list the user
 */
export function identityOf(
  name: string,
  groups: readonly string[],
  { passwd, group }: { readonly passwd: string; readonly group: string },
): Identity | null {
  const fields = passwd.split("\n").map((line) => line.split(":")).find(([user]) => user === name);
  if (!fields) return null;
  const gids = group.split("\n").map((line) => line.split(":")).filter((
    [title, , , members = ""],
  ) => groups.includes(title!) || members.split(",").includes(name)).map(([, , gid]) =>
    Number(gid)
  );
  return { name, uid: Number(fields[2]), gids: [Number(fields[3]), ...gids] };
}
