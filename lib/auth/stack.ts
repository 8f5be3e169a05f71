/** Who someone is, in PAM's manner: an auth phase checks the password, an account phase the account. */
import { createHash } from "node:crypto";
import type { Clock, Principal } from "../types.ts";
import type { Faillock } from "./faillock.ts";
import type { GroupsFile } from "./groups.ts";
import { HasherBusyError, HasherStoppedError, type Verifier } from "./hasher.ts";
import { dummyHash, type HtpasswdEntry, NAME_CHARS } from "./htpasswd.ts";
import { type HtpasswdFile, HtpasswdUnreadableError } from "./htpasswd_file.ts";

/** The most attempts on one name that wait for each other; a further one is told to come back. */
export const ATTEMPTS_PER_NAME = 8;

/** When such a further one may come back, in milliseconds. */
const BUSY_RETRY_MS = 1000;

/** Its members may administer. */
const ADMIN_GROUP = "admin";

/** What came of an attempt to log in. */
export type AuthResult =
  | { readonly ok: true; readonly principal: Principal }
  /** Wrong name, wrong password or locked account: which of them stays unsaid. */
  | { readonly ok: false; readonly reason: "denied" }
  /** Too many failures or attempts at once; whether a user has that name stays unsaid. */
  | { readonly ok: false; readonly reason: "locked"; readonly retryAfterMs: number }
  /** Nobody can log in now; `message` is for the log and names files. */
  | { readonly ok: false; readonly reason: "unavailable"; readonly message: string };

/** What came of an attempt that failed. */
export type AuthRefusal = Exclude<AuthResult, { ok: true }>;

/** What a stack is made of; looked at each time, as a reload may change it. */
export interface AuthStackOptions {
  readonly users: Pick<HtpasswdFile, "lookup" | "highestCost">;
  readonly groups: Pick<GroupsFile, "has">;
  readonly verifier: Verifier;
  readonly faillock: Faillock;
  /** The least time from the start of an attempt to the answer that it was denied. */
  readonly failDelayMs: number;
  readonly clock: Clock;
}

/** Authenticates names with passwords, and says what is known of a name. */
export class AuthStack {
  readonly #options: AuthStackOptions;
  readonly #turns = new Map<string, { queued: number; last: Promise<unknown> }>();

  constructor(options: AuthStackOptions) {
    this.#options = options;
  }

  /**
   * Checks a name and a password. An unknown name costs the same work and gets the same answer at
   * the same time as a wrong password; success is answered at once.
   *
   * @param signal when aborted, rejects with its reason; an attempt that had begun counts as failed
   */
  async authenticate(name: string, password: string, signal?: AbortSignal): Promise<AuthResult> {
    const { clock, failDelayMs } = this.#options;
    const startedMs = clock.now();
    const result = await this.#attemptInTurn(name, password, signal);
    if (!result.ok && result.reason === "denied") {
      await wait(startedMs + failDelayMs - clock.now(), clock, signal);
    }
    return result;
  }

  /** Whether failed attempts are remembered that may still lock a name. */
  get remembersFailures(): boolean {
    const { faillock, clock } = this.#options;
    return faillock.remembers(clock.now());
  }

  /**
   * Who this name is, or null where no user that may log in has it.
   *
   * @throws {HtpasswdUnreadableError}
   */
  principalOf(name: string): Principal | null {
    const { users, groups } = this.#options;
    const entry = users.lookup(name);
    return mayLogIn(entry) ? { name, admin: groups.has(ADMIN_GROUP, name) } : null;
  }

  /** Whether a user has this name, locked or not; for the log, never for the client. */
  knows(name: string): boolean {
    try {
      return this.#options.users.lookup(name) !== null;
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
    const entry = this.#options.users.lookup(name);
    if (!mayLogIn(entry)) return null;
    return createHash("sha256").update(`${entry.name}:${entry.hash}`).digest("hex");
  }

  /** One at a time for each name, so that guesses side by side cannot outrun their counting. */
  async #attemptInTurn(
    name: string,
    password: string,
    signal: AbortSignal | undefined,
  ): Promise<AuthResult> {
    // No name is longer; without the cut, a map of names would hold whatever is sent.
    const key = name.slice(0, NAME_CHARS);
    const turn = this.#turns.get(key) ?? { queued: 0, last: Promise.resolve() };
    if (turn.queued >= ATTEMPTS_PER_NAME) {
      return { ok: false, reason: "locked", retryAfterMs: BUSY_RETRY_MS };
    }
    turn.queued++;
    this.#turns.set(key, turn);
    const attempt = turn.last.then(() => this.#attempt(name, key, password, signal));
    turn.last = attempt.catch(() => {});
    try {
      return await attempt;
    } finally {
      turn.queued--;
      if (turn.queued === 0) this.#turns.delete(key);
    }
  }

  async #attempt(
    name: string,
    key: string,
    password: string,
    signal: AbortSignal | undefined,
  ): Promise<AuthResult> {
    signal?.throwIfAborted();
    const { users, verifier, faillock, clock } = this.#options;
    const state = faillock.check(key, clock.now());
    if (state.locked) return { ok: false, reason: "locked", retryAfterMs: state.retryAfterMs };
    try {
      const entry = users.lookup(name);
      const hash = entry?.hash ?? dummyHash(users.highestCost());
      const matches = await verifier.verify(password, hash, signal);
      // A password that was changed while it was being checked opens nothing any more.
      const current = matches && entry !== null && users.lookup(name)?.hash === entry.hash;
      const principal = current ? this.principalOf(name) : null;
      if (principal === null) {
        faillock.fail(key, clock.now());
        return { ok: false, reason: "denied" };
      }
      faillock.succeed(key);
      return { ok: true, principal };
    } catch (error) {
      if (error instanceof HasherBusyError) {
        return { ok: false, reason: "locked", retryAfterMs: BUSY_RETRY_MS };
      }
      if (isUnavailable(error)) {
        return { ok: false, reason: "unavailable", message: error.message };
      }
      if (signal?.aborted) faillock.fail(key, clock.now());
      throw error;
    }
  }
}

function mayLogIn(entry: HtpasswdEntry | null): entry is HtpasswdEntry {
  return entry !== null && !entry.locked;
}

function isUnavailable(error: unknown): error is Error {
  return error instanceof HtpasswdUnreadableError || error instanceof HasherStoppedError;
}

async function wait(delayMs: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  if (delayMs <= 0) return;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  using _timer = clock.timer(delayMs, resolve);
  try {
    await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
