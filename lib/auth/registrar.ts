/** People who make their own account: names and passwords checked, tries limited, the file edited. */
import { sleep } from "../clock.ts";
import type { Clock } from "../types.ts";
import { commonPasswords } from "./common_passwords.ts";
import type { GroupsFile } from "./groups.ts";
import type { Hasher } from "./hasher.ts";
import {
  fieldOfUser,
  newPasswordProblem,
  parseHtpasswd,
  unlockedField,
  userNameProblem,
  withUser,
} from "./htpasswd.ts";
import { editHtpasswd } from "./htpasswd_file.ts";
import type { Invites } from "./invites.ts";
import { skeletonOf } from "./look_alike.ts";
import { opaque, weaknessOf, weaknessSentence } from "./password.ts";
import { RegistrationError } from "./registration_error.ts";
import { Tries } from "./tries.ts";
import { NoTurnError, Turns } from "./turns.ts";
import type { WaitingAccounts } from "./waiting_accounts.ts";

/** Who may register: nobody, those with an invitation, those whom somebody approves, everybody. */
export type RegistrationMode = "off" | "invite" | "approval" | "open";

/** With more accounts nobody registers, so that the file stays one that is read in a moment. */
const ACCOUNTS_MOST = 10_000;

/** A class behind one address may register at once; all the time only few. */
const RATES = {
  perSource: { most: 40, perSecond: 1 / 30 },
  total: { most: 120, perSecond: 1 / 2 },
};
/** When to come back where too many others are being hashed. */
const BUSY_RETRY_MS = 2_000;
/** htpasswd(1) takes no lock: what it read before an edit it has written back by then. */
const SETTLE_MS = 200;
/** How often an account is written again that another program has written over. */
const WRITES = 5;

export interface NewAccount {
  readonly name: string;
  readonly password: string;
  /** The token of an invitation. */
  readonly invite?: string | undefined;
}

/** What a registrar is made of; looked at each time, as a reload may change it. */
export interface RegistrarOptions {
  readonly mode: RegistrationMode;
  /** The path of the htpasswd file. */
  readonly htpasswd: string;
  readonly minLength: number;
  readonly groups: Pick<GroupsFile, "of">;
  /** Whether there is something left of a user who had the name: it is not for who takes it next. */
  readonly isRemembered: (name: string) => Promise<boolean>;
  /** Its own, as one does a job at a time. */
  readonly hasher: Pick<Hasher, "hash">;
  readonly invites: Invites;
  readonly waiting: WaitingAccounts;
  readonly clock: Clock;
}

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #tries: Tries;
  readonly #turns = new Turns();

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#tries = new Tries(options.clock, RATES);
  }

  get mode(): RegistrationMode {
    return this.#options.mode;
  }

  /** The fewest characters of a password. */
  get minLength(): number {
    return this.#options.minLength;
  }

  /**
   * Makes an account, or has it wait for an administrator.
   *
   * @param from the client's address, and what counts as one for limits
   * @throws {RegistrationError}
   */
  async register(
    { name, password: typed, invite = "" }: NewAccount,
    { remote, source }: { readonly remote: string; readonly source: string },
    signal?: AbortSignal,
  ): Promise<"made" | "waiting"> {
    const { mode, invites, waiting } = this.#options;
    if (mode === "off") throw off();
    const waitMs = this.#tries.spend(source);
    if (waitMs > 0) throw tries(waitMs);
    const password = opaque(typed);
    await this.#check(name, password);
    // Before the name is looked at: who may not register learns no names.
    if (mode === "invite" && !invites.isGood(invite)) throw noInvite();
    await this.#requireFree(name);
    const hash = await this.#hash(password, source, signal);
    if (mode === "approval") {
      await this.#requireFree(name); // others may have come meanwhile
      if (waiting.isFull) throw full();
      await waiting.add({ name, hash, remote });
      return "waiting";
    }
    const taken = mode === "invite" ? await invites.take(invite) : null;
    if (mode === "invite" && taken === null) throw noInvite();
    try {
      await this.#add(name, hash);
    } catch (error) {
      await taken?.giveBack();
      throw error;
    }
    return "made";
  }

  /**
   * Lets one who waits in.
   *
   * @returns false where nobody of that name waits
   * @throws {RegistrationError}
   */
  async approve(name: string): Promise<boolean> {
    const { waiting } = this.#options;
    const hash = waiting.hashOf(name);
    if (hash === null) return false;
    await this.#add(name, hash);
    await waiting.remove(name);
    return true;
  }

  /**
   * Locks an account, or takes that back; whether there is one of that name.
   *
   * @throws {RegistrationError} where the file cannot be written
   */
  async lock(name: string, isLocked: boolean): Promise<boolean> {
    let isThere = false;
    const change = (text: string) => {
      const field = fieldOfUser(text, name);
      isThere = field !== null;
      if (field === null) return text;
      return withUser(text, name, (isLocked ? "!" : "") + unlockedField(field));
    };
    await this.#edit(change, (text) => change(text) === text);
    return isThere;
  }

  /**
   * Changes somebody's password, whose old one is proven: those are not strangers.
   *
   * @param before the hash that it has now: where that has changed meanwhile, nothing is done
   * @throws {RegistrationError}
   */
  async change(
    name: string,
    { typed, before, source }: { typed: string; before: string; source: string },
  ): Promise<void> {
    const password = opaque(typed);
    await this.#check(name, password);
    const hash = await this.#hash(password, source);
    await this.#edit((text) => {
      if (fieldOfUser(text, name) === hash) return text;
      if (fieldOfUser(text, name) !== before) {
        throw new RegistrationError("changed", "The account was changed meanwhile; log in again.");
      }
      return withUser(text, name, hash);
    }, (text) => fieldOfUser(text, name) !== before);
  }

  /** Hashes one at a time, off this thread. @throws {RegistrationError} */
  async #hash(password: string, source: string, signal?: AbortSignal): Promise<string> {
    const { hasher } = this.#options;
    const work = () => {
      signal?.throwIfAborted();
      return hasher.hash(password);
    };
    try {
      return await this.#turns.take({ share: source, preferred: false }, work, signal);
    } catch (error) {
      if (error instanceof NoTurnError) throw tries(BUSY_RETRY_MS);
      throw error;
    }
  }

  /** @throws {RegistrationError} for a name or a password that cannot be, or should not */
  async #check(name: string, password: string): Promise<void> {
    const noName = userNameProblem(name) ??
      (skeletonOf(name) === "" ? "a user name has a letter or a digit" : null);
    if (noName !== null) throw new RegistrationError("name", sentence(noName));
    const noPassword = newPasswordProblem(password);
    if (noPassword !== null) throw new RegistrationError("password", sentence(noPassword));
    const rules = { name, minLength: this.#options.minLength, common: await commonPasswords() };
    const weakness = weaknessOf(password, rules);
    if (weakness === null) return;
    throw new RegistrationError(
      weakness,
      sentence(`${weaknessSentence(weakness, password, rules)}; choose another`),
    );
  }

  async #requireFree(name: string): Promise<void> {
    const text = await Deno.readTextFile(this.#options.htpasswd).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw unwritable(this.#options.htpasswd, error);
    });
    this.#requireFreeIn(text, name, this.#options.waiting.all.map(({ name }) => name));
    if (await this.#options.isRemembered(name)) throw taken();
  }

  #requireFreeIn(text: string, name: string, waiting: readonly string[]): void {
    const { entries } = parseHtpasswd(text);
    const skeleton = skeletonOf(name);
    const isTaken = fieldOfUser(text, name) !== null ||
      entries.some((entry) => skeletonOf(entry.name) === skeleton) ||
      waiting.some((other) => skeletonOf(other) === skeleton) ||
      // A right that was given to a name before there is an account is not for who asks first.
      this.#options.groups.of(name).length > 0;
    if (isTaken) throw taken();
    if (entries.length >= ACCOUNTS_MOST) throw full();
  }

  #add(name: string, hash: string): Promise<void> {
    return this.#edit((text) => {
      if (fieldOfUser(text, name) === hash) return text;
      this.#requireFreeIn(text, name, []);
      return withUser(text, name, hash);
    }, (text) => fieldOfUser(text, name) !== null);
  }

  /** Edits the file, and again where a program that takes no lock wrote over it. */
  async #edit(change: (text: string) => string, isDone: (text: string) => boolean): Promise<void> {
    const { htpasswd, clock } = this.#options;
    try {
      for (let writes = 0; writes < WRITES; writes++) {
        await editHtpasswd(htpasswd, change);
        await sleep(SETTLE_MS, clock);
        if (isDone(await Deno.readTextFile(htpasswd))) return;
      }
      throw new Error("another program keeps writing over it");
    } catch (error) {
      if (error instanceof RegistrationError) throw error;
      throw unwritable(htpasswd, error);
    }
  }
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function off(): RegistrationError {
  return new RegistrationError(
    "off",
    "Nobody registers here: ask an administrator for an account.",
  );
}

function taken(): RegistrationError {
  return new RegistrationError(
    "taken",
    "This name is somebody's, or looks like somebody's; choose another.",
  );
}

function noInvite(): RegistrationError {
  return new RegistrationError(
    "invite",
    "This invitation is none, was used, or has expired; ask for another.",
  );
}

function tries(retryAfterMs: number): RegistrationError {
  return new RegistrationError("tries", "Too many try to register; try again later.", {
    retryAfterMs,
  });
}

function full(): RegistrationError {
  return new RegistrationError("full", "There is no room for more accounts; ask an administrator.");
}

/** What the client hears; the cause is for the log. */
function unwritable(path: string, cause: unknown): RegistrationError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RegistrationError(
    "unwritable",
    "The account cannot be written right now. The server's log says why.",
    { cause: new Error(`Cannot write ${path}: ${why}; see docs/registration.md`, { cause }) },
  );
}
