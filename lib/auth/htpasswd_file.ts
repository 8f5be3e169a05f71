/** The htpasswd file on disk: looked up as it is now, edited so that readers never see half of it. */
import { basename, dirname, join } from "node:path";
import { FreshFile } from "../files/fresh_file.ts";
import { bcryptCost, type HtpasswdEntry, NEW_COST, parseHtpasswd } from "./htpasswd.ts";
import { UNFINISHED_PREFIX, writeWholeFile } from "../files/whole_file.ts";

/** The file cannot be read, so nobody can be let in; the message says how to mend it. */
export class HtpasswdUnreadableError extends Error {
  override readonly name = "HtpasswdUnreadableError";

  constructor(path: string, cause: unknown) {
    super(`Cannot read ${path}: ${whyUnreadable(cause)}`, { cause });
  }
}

function whyUnreadable(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) {
    return "it does not exist; make it with 'ttygate user add NAME'";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "permission denied; give the group that ttygate runs in the right to read it " +
      "(mode 0640) and to enter its directory";
  }
  return `${cause instanceof Error ? cause.message : cause}; put a readable htpasswd file there`;
}

/** How often an edit begins again, as another program wrote into the file meanwhile. */
const ROUNDS = 100;

/** What the file says; the same object until it changes. */
export interface Accounts {
  readonly byName: ReadonlyMap<string, HtpasswdEntry>;
  /** The highest bcrypt cost in the file; that of new hashes while it has none. */
  readonly highestCost: number;
}

/** The users in a file, read again whenever it changed. */
export class HtpasswdFile {
  readonly #path: string;
  readonly #file: FreshFile<Accounts>;

  /** @param warn told once, per version of the file, of each line that was passed over */
  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#file = new FreshFile(path, (text) => {
      const { entries, problems } = parseHtpasswd(text, path);
      for (const { message } of problems) warn(message);
      return {
        byName: new Map(entries.map((entry) => [entry.name, entry])),
        highestCost: entries.reduce(
          (highest, { hash }) => Math.max(highest, bcryptCost(hash) ?? 0),
          0,
        ) || NEW_COST,
      };
    });
  }

  /**
   * The accounts as they are now, for the price of one stat(2).
   *
   * @throws {HtpasswdUnreadableError}
   */
  accounts(): Accounts {
    try {
      return this.#file.read();
    } catch (cause) {
      throw new HtpasswdUnreadableError(this.#path, cause);
    }
  }
}

/**
 * Replaces the text of a htpasswd file by what `change` makes of it ("" for one that is missing). It
 * is asked again where another program changed the file meanwhile.
 *
 * Edits wait for each other (flock(2) on the directory, which leaves no lock file behind). The
 * file ends up whole, mode 0640, owned as before; a new one as its directory is, so that the
 * gateway's group can read it. The directory is made (0750) when it is missing.
 *
 * @throws {Error} what the file system said, or what `change` threw: the file is then untouched
 */
export async function editHtpasswd(path: string, change: (text: string) => string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  // A link is kept and what it points to is edited.
  const real = join(await Deno.realPath(dirname(path)), basename(path));
  const target = await unlessMissing(Deno.realPath(real)) ?? real;
  using directory = await Deno.open(dirname(target), { read: true });
  await directory.lock(true);
  for (let rounds = 0; rounds < ROUNDS; rounds++) {
    const before = await textOf(target);
    const after = change(before ?? "");
    if (after === before) return;
    const owner = await Deno.stat(before === null ? dirname(target) : target);
    // A program that takes no lock, such as htpasswd(1), may have written meanwhile.
    const unless = async () => await textOf(target) !== before;
    if (!await writeWholeFile(target, after, { mode: 0o640, owner, unless })) continue;
    return await directory.sync();
  }
  throw new Error("another program keeps changing it; try again");
}

/** Why the file cannot be edited by this process, as what to mend; null where it can. */
export async function whyUnwritable(path: string): Promise<string | null> {
  const probe = join(dirname(path), UNFINISHED_PREFIX + crypto.randomUUID());
  try {
    // As an edit puts a new file in the place of the old one, what counts is the directory.
    await Deno.writeTextFile(probe, "", { createNew: true, mode: 0o600 });
    await Deno.remove(probe);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Null for one that is missing. Fatal, as what cannot be decoded could not be written back either. */
async function textOf(path: string): Promise<string | null> {
  const bytes = await unlessMissing(Deno.readFile(path));
  return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
