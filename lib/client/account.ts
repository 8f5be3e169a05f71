/** Where somebody is logged in from the command line: a gateway and a token for it, in a file of theirs. */
import { dirname, join } from "node:path";
import * as v from "valibot";
import { writeWholeFile } from "../files/whole_file.ts";

const Shape = v.object({
  /** Of the gateway, without a slash at its end. */
  url: v.string(),
  user: v.string(),
  token: v.string(),
  /** By which it is revoked; null where the token was made elsewhere. */
  tokenId: v.nullable(v.string()),
  /** Certificates to trust besides the system's, in PEM; null for none. */
  ca: v.nullable(v.string()),
});
export type Account = Readonly<v.InferOutput<typeof Shape>>;

/** No gateway is known, or what is kept of it makes no sense. */
export class NotLoggedInError extends Error {
  override readonly name = "NotLoggedInError";
}

/** Where it is kept (XDG Base Directory Specification). @throws {Error} where there is no home */
export function accountPath(env: (name: string) => string | undefined): string {
  const home = env("HOME");
  const config = env("XDG_CONFIG_HOME") || (home ? join(home, ".config") : "");
  if (config === "") throw new Error("there is no home to keep a login in; set HOME");
  return join(config, "ttygate", "login.json");
}

/** @throws {NotLoggedInError} */
export async function loadAccount(path: string): Promise<Account> {
  let why = "you are not logged in";
  try {
    const text = await Deno.readTextFile(path);
    why = `${path} cannot be understood`;
    return v.parse(Shape, JSON.parse(text));
  } catch (cause) {
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new Error(`cannot read ${path}`, { cause });
    }
    throw new NotLoggedInError(`${why}; run 'ttygate login URL'`);
  }
}

/** Keeps it for its owner alone (0600). */
export async function saveAccount(path: string, account: Account): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeWholeFile(path, JSON.stringify(account, null, 2) + "\n", { mode: 0o600 });
}

export async function forgetAccount(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
