/** Logins on disk, a small JSON file each, so that a restart logs nobody out. */
import { join } from "node:path";
import * as v from "valibot";
import { UNFINISHED_PREFIX, writeWholeFile } from "../files/whole_file.ts";

/** A login as it is kept; the token's secret half is not in it. */
export interface StoredLogin {
  /** The token's public half; the file is called after it. */
  readonly id: string;
  /** SHA-256 of the token's secret half, hex. */
  readonly secretDigest: string;
  readonly name: string;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
  /** The fingerprint of what the user logged in with. */
  readonly credential: string;
  /** When it was made, in Unix milliseconds, from where and by what; null where that is not known. */
  readonly madeMs: number | null;
  readonly remote: string | null;
  readonly browser: string | null;
}

/** A login could not be kept, or not be forgotten. */
export class LoginStoreError extends Error {
  override readonly name = "LoginStoreError";
}

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const CONTENT = v.object({
  secretDigest: digest,
  name: v.string(),
  expiresAtMs: v.pipe(v.number(), v.integer()),
  credential: digest,
  // Those of a version before say nothing of it.
  madeMs: v.optional(v.nullable(v.pipe(v.number(), v.integer())), null),
  remote: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null),
  browser: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(255))), null),
});
const FILE = /^([A-Za-z0-9_-]{22})\.json$/;

/** The directory that logins are kept in; everything in it that looks like one is its own. */
export class LoginStore {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Opens a directory, made (0700) when it is missing, and reads what it keeps. Unfinished and
   * malformed files of its own are removed.
   *
   * @throws {LoginStoreError} when the directory cannot be made or read
   */
  static async open(dir: string): Promise<{ store: LoginStore; logins: StoredLogin[] }> {
    const logins: StoredLogin[] = [];
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      await Deno.chmod(dir, 0o700);
      for await (const { name, isFile } of Deno.readDir(dir)) {
        if (!isFile) continue;
        const id = FILE.exec(name)?.[1];
        const login = id === undefined ? null : await read(join(dir, name), id);
        const isOurs = id !== undefined || name.startsWith(UNFINISHED_PREFIX);
        if (login !== null) logins.push(login);
        else if (isOurs) await Deno.remove(join(dir, name));
      }
    } catch (cause) {
      throw new LoginStoreError(
        `Cannot open the logins in ${dir}: ${reason(cause)}; make it a directory of ttygate's own`,
        { cause },
      );
    }
    return { store: new LoginStore(dir), logins };
  }

  /** Keeps a login: a file of mode 0600, whole or not there. @throws {LoginStoreError} */
  async write({ id, ...content }: StoredLogin): Promise<void> {
    try {
      await writeWholeFile(this.#path(id), JSON.stringify(content), { mode: 0o600 });
    } catch (cause) {
      throw new LoginStoreError(`Cannot keep a login in ${this.#dir}: ${reason(cause)}`, { cause });
    }
  }

  /** Forgets a login. Synchronous, so that no write can come after it. @throws {LoginStoreError} */
  remove(id: string): void {
    try {
      Deno.removeSync(this.#path(id));
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return;
      throw new LoginStoreError(
        `Cannot remove ${this.#path(id)}: ${
          reason(cause)
        }; remove it, or a restart revives the login`,
        { cause },
      );
    }
  }

  #path(id: string): string {
    return join(this.#dir, `${id}.json`);
  }
}

async function read(path: string, id: string): Promise<StoredLogin | null> {
  const text = await Deno.readTextFile(path);
  try {
    return { id, ...v.parse(CONTENT, JSON.parse(text)) };
  } catch {
    return null;
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
