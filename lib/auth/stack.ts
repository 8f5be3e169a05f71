/** Who someone is, in PAM's manner: an auth phase checks the password, an account phase the account. */
import { createHash } from "node:crypto";
import type { Clock, Principal } from "../types.ts";
import type { Attempt, LockKind } from "./faillock.ts";
import type { GroupsFile } from "./groups.ts";
import type { Guard } from "./guard.ts";
import { HasherStoppedError, type Verifier } from "./hasher.ts";
import { dummyHash, type HtpasswdEntry } from "./htpasswd.ts";
import { type Accounts, type HtpasswdFile, HtpasswdUnreadableError } from "./htpasswd_file.ts";
import { formsOf } from "./password.ts";
import { NoTurnError, Turns } from "./turns.ts";
import { Verified } from "./verified.ts";

/** When those who find no place to wait in may come back, in milliseconds. */
const BUSY_RETRY_MS = 2000;

/** The most refusals that are held back at a time; beyond that the longest held goes out early. */
export const HELD_BACK = 256;

/** Its members may administer. */
const ADMIN_GROUP = "admin";

/** A name and a password, as sent. */
export interface Credential {
  readonly name: string;
  readonly password: string;
}

/** What came of an attempt to log in. */
export type AuthResult =
  | { readonly ok: true; readonly principal: Principal }
  /** Wrong name, wrong password or locked account: which of them stays unsaid. */
  | {
    readonly ok: false;
    readonly reason: "denied";
    /** What this failure has locked; for the log, never for the client. */
    readonly locks: LockKind | null;
  }
  /** Too many failures; whether a user has that name stays unsaid. */
  | {
    readonly ok: false;
    readonly reason: "locked";
    readonly retryAfterMs: number;
  }
  /** Too many failures of others, maybe, at the same address. */
  | { readonly ok: false; readonly reason: "slowed"; readonly retryAfterMs: number }
  /** Too many others wait to be checked; nothing is wrong with this attempt. */
  | { readonly ok: false; readonly reason: "busy"; readonly retryAfterMs: number }
  /** The right password of an account that no administrator has approved yet. */
  | { readonly ok: false; readonly reason: "unapproved" }
  /** Nobody can log in now; `message` is for the log and names files. */
  | { readonly ok: false; readonly reason: "unavailable"; readonly message: string };

/** What came of an attempt that failed. */
export type AuthRefusal = Exclude<AuthResult, { ok: true }>;

/** What a stack is made of; looked at each time, as a reload may change it. */
export interface AuthStackOptions {
  readonly users: Pick<HtpasswdFile, "accounts">;
  readonly groups: Pick<GroupsFile, "of">;
  readonly verifier: Verifier;
  readonly guard: Guard;
  /** The least time from the start of an attempt to the answer that it was denied. */
  readonly failDelayMs: number;
  readonly clock: Clock;
  /** The hash of an account that waits to be approved; null for none of that name. */
  readonly waiting?: (name: string) => string | null;
}

/** Authenticates names with passwords, and says what is known of a name. */
export class AuthStack {
  readonly #options: AuthStackOptions;
  readonly #turns = new Turns();
  readonly #verified = new Verified();
  /** What lets each refusal that is held back go; the one held longest comes first. */
  readonly #held = new Set<() => void>();

  constructor(options: AuthStackOptions) {
    this.#options = options;
  }

  /**
   * Checks a name and a password. An unknown name costs the same work and gets the same answer at
   * the same time as a wrong password; success is answered at once.
   *
   * Passwords are checked one at a time: addresses take turns, those from which the user has logged
   * in before come first, and guesses side by side cannot outrun their counting.
   *
   * @param source the client's address, or the network that counts as one
   * @param signal when aborted, rejects with its reason; an attempt that had begun counts all the same
   */
  async authenticate(
    credential: Credential,
    source: string,
    signal?: AbortSignal,
  ): Promise<AuthResult> {
    signal?.throwIfAborted();
    const { clock, failDelayMs } = this.#options;
    const startedMs = clock.now();
    const result = await this.#attempt(credential, source, signal);
    signal?.throwIfAborted();
    if (!result.ok && result.reason === "denied") {
      await this.#holdBack(startedMs + failDelayMs - clock.now(), signal);
    }
    return result;
  }

  /** The accounts as they are now. @throws {HtpasswdUnreadableError} */
  accounts(): Accounts {
    return this.#options.users.accounts();
  }

  /**
   * Who this name is, or null where no user that may log in has it.
   *
   * @throws {HtpasswdUnreadableError}
   */
  principalOf(name: string): Principal | null {
    return mayLogIn(this.accounts().byName.get(name)) ? this.#principal(name) : null;
  }

  /** Whether a user has this name, locked or not; for the log, never for the client. */
  knows(name: string): boolean {
    try {
      return this.accounts().byName.has(name);
    } catch {
      return false;
    }
  }

  /**
   * A fingerprint (SHA-256, hex) of what the user logs in with, so that a login can end when that
   * changes; null where no user that may log in has the name.
   *
   * @throws {HtpasswdUnreadableError}
   */
  credentialOf(name: string): string | null {
    const entry = this.accounts().byName.get(name);
    if (!mayLogIn(entry)) return null;
    return createHash("sha256").update(`${entry.name}:${entry.hash}`).digest("hex");
  }

  async #attempt(
    credential: Credential,
    source: string,
    signal: AbortSignal | undefined,
  ): Promise<AuthResult> {
    const { guard } = this.#options;
    try {
      const entry = this.accounts().byName.get(credential.name);
      const attempt = guard.attemptOf(credential.name, entry !== undefined, source);
      const refusal = this.#refusal(attempt);
      if (refusal) return refusal;
      if (this.#isVerified(entry, credential.password)) {
        guard.succeed(attempt);
        return { ok: true, principal: this.#principal(credential.name) };
      }
      const preferred = guard.isKnown(attempt);
      // Others behind the same address must not take the turns of somebody who is at home there.
      const share = preferred ? `${attempt.name} ${source}` : source;
      const check = () => this.#check(credential, attempt, signal);
      return await this.#turns.take({ share, preferred }, check, signal);
    } catch (error) {
      if (error instanceof NoTurnError) {
        return { ok: false, reason: "busy", retryAfterMs: BUSY_RETRY_MS };
      }
      if (isUnavailable(error)) {
        return { ok: false, reason: "unavailable", message: error.message };
      }
      throw error;
    }
  }

  /** Checks the password; nobody else's is being checked meanwhile. */
  async #check(
    { name, password }: Credential,
    attempt: Attempt,
    signal: AbortSignal | undefined,
  ): Promise<AuthResult> {
    signal?.throwIfAborted();
    const refusal = this.#refusal(attempt); // others may have failed while this one waited
    if (refusal) return refusal;
    const { verifier, guard, clock } = this.#options;
    const { byName, highestCost } = this.accounts();
    const entry = byName.get(name);
    const waiting = entry ? null : this.#options.waiting?.(name) ?? null;
    const hash = entry?.hash ?? waiting ?? dummyHash(highestCost);
    let matches = this.#isVerified(entry, password); // by one that came before it
    for (const form of formsOf(password)) {
      if (matches || signal?.aborted) break;
      // Waited for in any case: hanging up must not put more jobs on the thread than one.
      matches = await verifier.verify(form, hash);
      if (matches && entry) this.#verified.add(entry, form, clock.now());
    }
    // A password that was changed while it was being checked opens nothing any more.
    const now = this.accounts().byName.get(name);
    if (matches && waiting !== null && !now) return { ok: false, reason: "unapproved" };
    if (!matches || !mayLogIn(now) || now.hash !== hash) {
      return { ok: false, reason: "denied", locks: guard.fail(attempt) };
    }
    guard.succeed(attempt);
    return { ok: true, principal: this.#principal(name) };
  }

  #refusal(attempt: Attempt): AuthRefusal | null {
    const state = this.#options.guard.check(attempt);
    if (!state.locked) return null;
    const reason = state.kind === "source" ? "slowed" : "locked";
    return { ok: false, reason, retryAfterMs: state.retryAfterMs };
  }

  /** Whether the user may log in and had this password a moment ago. */
  #isVerified(entry: HtpasswdEntry | undefined, password: string): boolean {
    if (!mayLogIn(entry)) return false;
    const nowMs = this.#options.clock.now();
    // In its forms: someone who spells one password in many ways would pay for a hash each time.
    return formsOf(password).some((form) => this.#verified.has(entry, form, nowMs));
  }

  /** The groups that a user is a member of. */
  groupsOf(name: string): readonly string[] {
    return this.#options.groups.of(name);
  }

  /** Whether a user may administer. */
  isAdmin(name: string): boolean {
    return this.groupsOf(name).includes(ADMIN_GROUP);
  }

  #principal(name: string): Principal {
    return { name, admin: this.isAdmin(name) };
  }

  async #holdBack(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (delayMs <= 0) return;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    using _timer = this.#options.clock.timer(delayMs, resolve);
    this.#held.add(resolve);
    if (this.#held.size > HELD_BACK) {
      const [longest] = this.#held;
      longest!();
    }
    try {
      await promise;
    } finally {
      this.#held.delete(resolve);
      signal?.removeEventListener("abort", abort);
    }
  }
}

function mayLogIn(entry: HtpasswdEntry | undefined): entry is HtpasswdEntry {
  return entry !== undefined && !entry.locked;
}

function isUnavailable(error: unknown): error is Error {
  return error instanceof HtpasswdUnreadableError || error instanceof HasherStoppedError;
}
