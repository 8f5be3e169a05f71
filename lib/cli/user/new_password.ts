/** A new password: asked for or read, in one form, held against the rules, and hashed. */
import { commonPasswords } from "../../auth/common_passwords.ts";
import { Hasher } from "../../auth/hasher.ts";
import { opaque, passwordProblem } from "../../auth/password.ts";
import { askHidden, firstLine } from "../secret.ts";

/** How a password comes in. */
export interface PasswordOptions {
  readonly name: string;
  readonly minLength: number;
  /** Whether an easy one is taken all the same. */
  readonly force: boolean;
  /** Whether this is the one that the user has; then nothing is held against it. */
  readonly isCurrent?: (password: string) => Promise<boolean>;
}

/**
 * Reads a password from the first line of standard input, or asks for it where that is a terminal.
 *
 * @returns its hash, or null where it is the current one
 * @throws {Error} in a sentence, when it cannot be, or should not be and is not forced
 */
export async function newHash(options: PasswordOptions): Promise<string | null> {
  const { name, minLength, force, isCurrent } = options;
  /** @returns whether it is a new one */
  const check = async (password: string): Promise<boolean> => {
    if (await isCurrent?.(password)) return false;
    const common = force ? [] : await commonPasswords();
    const problem = passwordProblem(password, { name, minLength, common }, force);
    if (problem !== null) throw new Error(problem);
    return true;
  };
  const password = Deno.stdin.isTerminal() ? await askTwice(name, check) : await readOne(check);
  if (password === null) return null;
  using hasher = new Hasher();
  return await hasher.hash(password);
}

/** Null for a password that is not new; so is below. */
async function readOne(check: (password: string) => Promise<boolean>): Promise<string | null> {
  const password = opaque(await firstLine());
  return await check(password) ? password : null;
}

/** Asks twice, as passwd(1) does. */
function askTwice(
  name: string,
  check: (password: string) => Promise<boolean>,
): Promise<string | null> {
  return askHidden(async (ask) => {
    const password = opaque(await ask(`New password for ${name}:`));
    const isNew = await check(password);
    if (opaque(await ask("The same again:")) === password) return isNew ? password : null;
    throw new Error("the two passwords differ; nothing was changed");
  });
}
