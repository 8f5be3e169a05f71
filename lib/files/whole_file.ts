/** Files that a reader sees whole: as they were before a write or as they are after it. */
import { dirname, join } from "node:path";

/** How to write a whole file. */
export interface WholeFileOptions {
  /** The permission bits, whatever the umask says. */
  readonly mode: number;
  /** The owner the file is to have, where this process may give it away. */
  readonly owner?: { readonly uid: number | null; readonly gid: number | null };
  /** Asked last: whether the old file is to stay after all. */
  readonly unless?: () => Promise<boolean>;
}

/** What the name of an unfinished file starts with; one that a crash left may be removed. */
export const UNFINISHED_PREFIX = ".unfinished-";

/**
 * Writes a file beside the old one, brings it to the disk and renames it into place.
 *
 * @returns whether it is in place: false where the old file was to stay
 * @throws {Error} what the file system said; the old file is then untouched
 */
export async function writeWholeFile(
  path: string,
  text: string,
  { mode, owner, unless }: WholeFileOptions,
): Promise<boolean> {
  const unfinished = join(dirname(path), UNFINISHED_PREFIX + crypto.randomUUID());
  try {
    // Readable by nobody else until its owner is right.
    await Deno.writeTextFile(unfinished, text, { createNew: true, mode: 0o600 });
    if (owner !== undefined) await giveTo(unfinished, owner);
    await Deno.chmod(unfinished, mode);
    using file = await Deno.open(unfinished);
    await file.sync();
    if (await unless?.()) {
      await Deno.remove(unfinished);
      return false;
    }
    await Deno.rename(unfinished, path);
    return true;
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {});
    throw error;
  }
}

async function giveTo(path: string, owner: NonNullable<WholeFileOptions["owner"]>): Promise<void> {
  try {
    await Deno.chown(path, owner.uid, owner.gid);
  } catch (error) {
    // Only root may give files away; anyone else keeps what is theirs.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}
