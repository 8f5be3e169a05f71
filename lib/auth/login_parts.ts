/** What a login is to those who ask for one, and what logins need to know. */
import type { Clock } from "../types.ts";
import type { StoredLogin } from "./login_store.ts";

/** Where somebody logged in from; null where that is not known. */
export type LoginOrigin = Pick<StoredLogin, "remote" | "browser">;

/** What is known of a login, without what it is proved by. */
export type KnownLogin = Omit<StoredLogin, "secretDigest" | "credential">;

/** Someone who logged in, for as long as that lasts. */
export interface Login {
  /** Its public half: nobody comes in by that alone. */
  readonly id: string;
  readonly name: string;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
  /** Aborted, with a `LoginEndedError`, when the login is over; for expiry within seconds of it. */
  readonly ended: AbortSignal;
}

/** Why a login is over. */
export class LoginEndedError extends Error {
  override readonly name = "LoginEndedError";
}

/** What logins need to know. */
export interface LoginsOptions {
  /** A directory of their own, made when it is missing. */
  readonly dir: string;
  /** How long a login lasts; looked at for each, as it may change. */
  readonly ttlMs: number;
  /** For the periodic check. */
  readonly clock: Clock;
  /** Unix time in milliseconds, as expiry outlives the process; `Date.now` unless given. */
  readonly unixTimeMs?: () => number;
  /** The fingerprint of a user's credential, null where there is no such user (any more). */
  readonly credentialOf: (name: string) => string | null;
  /** Told of a login that is over and whose file cannot be removed. */
  readonly warn: (message: string) => void;
}

/** Someone who came without a login; disposing of it ends the watch. */
export interface Following extends Disposable {
  /** Aborted, with a `LoginEndedError`, within seconds of a change of the user's credential. */
  readonly changed: AbortSignal;
}
