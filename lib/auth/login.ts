/** Logins: random tokens kept by their hash, each bound to the credential that it was given for. */
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import {
  type Following,
  type KnownLogin,
  type Login,
  LoginEndedError,
  type LoginOrigin,
  type LoginsOptions,
} from "./login_parts.ts";
import { LoginStore, type StoredLogin } from "./login_store.ts";
import { randomText, sha256 } from "./secrets.ts";

export { type Login, LoginEndedError, type LoginOrigin };

/** The most logins of one user; a further one ends the oldest. */
export const LOGINS_PER_USER = 32;

/** The most logins of all users; a further one ends the oldest. */
const LOGINS_TOTAL = 10_000;

/** How often logins are checked that nobody presents, in milliseconds. */
export const CHECK_INTERVAL_MS = 5000;

/** 16 random bytes, a dot, 32 random bytes; base64url without padding (RFC 4648 section 5). */
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

interface Held {
  readonly stored: StoredLogin;
  readonly login: Login;
  readonly ending: AbortController;
}

/** The logins of a gateway. Disposing of it stops the checks and ends no login. */
export class Logins implements Disposable {
  readonly #options: LoginsOptions;
  readonly #store: LoginStore;
  /** By id; the oldest comes first. */
  readonly #held = new Map<string, Held>();
  /** As many as there are connections; each follower disposes of its own. */
  readonly #followed = new Set<() => void>();
  readonly #spared = new Set<Held>();
  #timer: Disposable;

  private constructor(options: LoginsOptions, store: LoginStore) {
    this.#options = options;
    this.#store = store;
    this.#timer = this.#arm();
  }

  /**
   * Loads the logins that are kept, without those that are over.
   *
   * @throws {LoginStoreError} when the directory cannot be used
   */
  static async open(options: LoginsOptions): Promise<Logins> {
    const { store, logins } = await LoginStore.open(options.dir);
    const opened = new Logins(options, store);
    logins.sort((a, b) => a.expiresAtMs - b.expiresAtMs);
    for (const stored of logins) opened.#hold(stored);
    opened.check();
    opened.#makeRoom(LOGINS_TOTAL);
    return opened;
  }

  /**
   * A new login of this user; the token is nowhere else.
   *
   * @throws {LoginEndedError} when there is no such user
   * @throws {LoginStoreError} when it cannot be kept
   */
  async issue(
    name: string,
    { remote, browser }: LoginOrigin = { remote: null, browser: null },
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
    const credential = this.#options.credentialOf(name);
    if (credential === null) {
      throw new LoginEndedError(`Cannot log ${name} in: no user that may log in has this name`);
    }
    const [id, secret] = [randomText(16), randomText(32)];
    const madeMs = this.#now();
    const expiresAtMs = madeMs + this.#options.ttlMs;
    const stored = {
      ...{ madeMs, remote, browser },
      id,
      secretDigest: sha256(secret).toString("hex"),
      name,
      expiresAtMs,
      credential,
    };
    this.#makeRoom(LOGINS_TOTAL - 1);
    this.#makeRoom(LOGINS_PER_USER - 1, name);
    this.#hold(stored);
    try {
      await this.#store.write(stored);
    } catch (error) {
      this.#held.delete(id);
      throw error;
    }
    // It may have been ended while its file was being written.
    if (!this.#held.has(id)) this.#store.remove(id);
    return { token: `${id}.${secret}`, expiresAtMs };
  }

  /**
   * The login that the token stands for, or null. While the user's credential cannot be read,
   * no token is good, and no login ends over that.
   */
  verify(token: string): Login | null {
    const held = this.#find(token);
    if (held === null) return null;
    switch (this.#stateOf(held.stored)) {
      case "good":
        return held.login;
      case "unknown":
        return null;
      case "expired":
        this.#endQuietly(held, "The login has expired");
        return null;
      case "changed":
        if (!this.#spared.has(held)) this.#endQuietly(held, "The account was changed");
        return null;
    }
  }

  /**
   * Ends the login that the token stands for, here and on disk.
   *
   * @returns whose it was, or null where the token stands for none
   * @throws {LoginStoreError} when its file cannot be removed; here, the login is over all the same
   */
  // deno-lint-ignore require-await -- so that a failure is a rejection, not a throw
  async revoke(token: string): Promise<string | null> {
    const held = this.#find(token);
    if (held === null) return null;
    this.#end(held, "The login was revoked");
    return held.login.name;
  }

  /** A user's that are good, the oldest first. */
  of(name: string): KnownLogin[] {
    return [...this.#held.values()]
      .filter(({ stored }) => stored.name === name && this.#stateOf(stored) === "good")
      .map(({ stored: { secretDigest: _, credential: __, ...known } }) => known);
  }

  /**
   * Ends a user's login, here and on disk.
   *
   * @returns whether there was one
   * @throws {LoginStoreError} when its file cannot be removed; here, the login is over all the same
   */
  end(name: string, id: string): boolean {
    const held = this.#held.get(id);
    if (held?.stored.name !== name) return false;
    this.#end(held, "The login was ended by its user");
    return true;
  }

  /**
   * Lets what goes on by a login go on for a while after its user's credential changes; its token is
   * good for nothing then all the same.
   */
  spare(id: string, forMs: number): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#spared.add(held);
    this.#options.clock.timer(forMs, () => {
      this.#spared.delete(held);
      this.check();
    });
  }

  /** Watches a user's credential for as long as someone who came without a login stays. */
  follow(name: string): Following {
    const ending = new AbortController();
    const credential = this.#credentialOf(name);
    const check = () => {
      const now = this.#credentialOf(name);
      if (now === undefined || now === credential) return;
      ending.abort(new LoginEndedError("The account was changed"));
    };
    this.#followed.add(check);
    return {
      changed: ending.signal,
      [Symbol.dispose]: () => void this.#followed.delete(check),
    };
  }

  /** Ends the logins that are over; done every `CHECK_INTERVAL_MS`. */
  check(): void {
    for (const check of this.#followed) check();
    for (const held of [...this.#held.values()]) {
      const state = this.#stateOf(held.stored);
      if (state === "expired") this.#endQuietly(held, "The login has expired");
      if (state === "changed" && !this.#spared.has(held)) {
        this.#endQuietly(held, "The account was changed");
      }
    }
  }

  /** Stops the checks. */
  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #arm(): Disposable {
    return this.#options.clock.timer(CHECK_INTERVAL_MS, () => {
      this.#timer = this.#arm();
      this.check();
    });
  }

  #now(): number {
    return (this.#options.unixTimeMs ?? Date.now)();
  }

  #hold(stored: StoredLogin): void {
    const ending = new AbortController();
    const { id, name, expiresAtMs } = stored;
    this.#held.set(id, {
      stored,
      login: { id, name, expiresAtMs, ended: ending.signal },
      ending,
    });
  }

  #find(token: string): Held | null {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    const held = id === undefined ? undefined : this.#held.get(id);
    if (held === undefined || secret === undefined) return null;
    const digest = Uint8Array.fromHex(held.stored.secretDigest);
    return timingSafeEqual(sha256(secret), digest) ? held : null;
  }

  #stateOf({ name, expiresAtMs, credential }: StoredLogin) {
    if (expiresAtMs <= this.#now()) return "expired";
    const now = this.#credentialOf(name);
    if (now === undefined) return "unknown";
    return now === credential ? "good" : "changed";
  }

  /** Undefined while it cannot be read. */
  #credentialOf(name: string): string | null | undefined {
    try {
      return this.#options.credentialOf(name);
    } catch {
      // Others who read the file say so; logins must outlive a file that is away for a moment.
      return undefined;
    }
  }

  /** Ends the oldest logins, of one user or of all, down to so many. */
  #makeRoom(most: number, name?: string): void {
    const held = [...this.#held.values()].filter(({ login }) =>
      login.name === (name ?? login.name)
    );
    for (const oldest of held.slice(0, Math.max(0, held.length - most))) {
      this.#endQuietly(oldest, "The login gave way to newer ones");
    }
  }

  #endQuietly(held: Held, why: string): void {
    try {
      this.#end(held, why);
    } catch (error) {
      this.#options.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #end({ stored, ending }: Held, why: string): void {
    this.#held.delete(stored.id);
    ending.abort(new LoginEndedError(why));
    this.#store.remove(stored.id);
  }
}
