/** What `ttygate user` does to the htpasswd file, each edit in its own words. */
import { Hasher } from "../../auth/hasher.ts";
import {
  bcryptCost,
  fieldOfUser,
  HIGHEST_COST,
  unlockedField,
  withoutUser,
  withUser,
} from "../../auth/htpasswd.ts";
import { editHtpasswd } from "../../auth/htpasswd_file.ts";
import { newHash, type PasswordOptions } from "./new_password.ts";

/** A user in a file. */
export interface Subject {
  readonly path: string;
  readonly name: string;
  readonly password: Omit<PasswordOptions, "name" | "isCurrent">;
}

/** What was done. */
export interface Done {
  /** A sentence without its full stop. */
  readonly said: string;
  readonly changed: boolean;
}

/** Does it. @throws {Error} in a sentence, or what the file system said */
export type Edit = (subject: Subject) => Promise<Done>;

/** The edits by their verbs. */
export const EDITS: Readonly<Record<string, Edit>> = {
  async add({ path, name, password }) {
    const refuseKnown = (text: string) => {
      if (fieldOfUser(text, name) === null) return;
      throw new Error(
        `${path} has this user already; change the password with 'ttygate user passwd ${name}'`,
      );
    };
    // Asked before the password is, and again under the lock.
    refuseKnown(await readOrEmpty(path));
    const hash = await newHash({ name, ...password });
    await editHtpasswd(path, (text) => {
      refuseKnown(text);
      return withUser(text, name, hash!);
    });
    return { said: `${name} added to ${path}`, changed: true };
  },

  async ensure({ path, name, password }) {
    const before = fieldOfUser(await readOrEmpty(path), name);
    const isCurrent = (candidate: string) => hasHash(candidate, before);
    const hash = await newHash({ name, ...password, isCurrent });
    if (hash === null) return { said: `${name} is there, with this password`, changed: false };
    await editHtpasswd(
      path,
      (text) => withUser(text, name, lockOf(fieldOfUser(text, name)) + hash),
    );
    const said = before === null ? `${name} added to ${path}` : passwordChanged(name);
    return { said, changed: true };
  },

  async passwd({ path, name, password }) {
    fieldOfKnown(await Deno.readTextFile(path), path, name);
    const hash = await newHash({ name, ...password });
    let lock = "";
    await editKnown(path, name, (text, field) => {
      lock = lockOf(field);
      return withUser(text, name, lock + hash);
    });
    const still = lock === "" ? "" : "; the user is still locked";
    return { said: `${passwordChanged(name)}${still}`, changed: true };
  },

  async lock({ path, name }) {
    const changed = await editKnown(
      path,
      name,
      (text, field) => withUser(text, name, `!${unlockedField(field)}`),
    );
    return { said: `${name} locked`, changed };
  },

  async unlock({ path, name }) {
    const changed = await editKnown(
      path,
      name,
      (text, field) => withUser(text, name, unlockedField(field)),
    );
    return { said: `${name} unlocked`, changed };
  },

  async remove({ path, name }) {
    await editKnown(path, name, (text) => withoutUser(text, name));
    return { said: `${name} removed from ${path}`, changed: true };
  },
};

function passwordChanged(name: string): string {
  return `password of ${name} changed; logins with the old one are over`;
}

/** @returns whether that changed anything */
async function editKnown(
  path: string,
  name: string,
  change: (text: string, field: string) => string,
): Promise<boolean> {
  // Asked first, as an edit would make the directory.
  fieldOfKnown(await Deno.readTextFile(path), path, name);
  let changed = false;
  await editHtpasswd(path, (text) => {
    const after = change(text, fieldOfKnown(text, path, name));
    changed = after !== text;
    return after;
  });
  return changed;
}

function fieldOfKnown(text: string, path: string, name: string): string {
  const field = fieldOfUser(text, name);
  if (field === null) throw new Error(`${path} has no such user; see 'ttygate user list'`);
  return field;
}

function lockOf(field: string | null): string {
  return field?.startsWith("!") ? "!" : "";
}

/** Whether the field is a hash of the password that the gateway would check. */
async function hasHash(password: string, field: string | null): Promise<boolean> {
  const hash = unlockedField(field ?? "");
  if ((bcryptCost(hash) ?? Infinity) > HIGHEST_COST) return false;
  using hasher = new Hasher();
  return await hasher.verify(password, hash);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
