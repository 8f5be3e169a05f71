/** What is remembered of those who try to log in: their failures, and where each user is at home. */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import {
  type Attempt,
  Faillock,
  type FaillockLimits,
  type FaillockRecord,
  type FaillockState,
  type Lock,
  type LockKind,
} from "./faillock.ts";
import { type KnownRecord, KnownSources } from "./known_sources.ts";

/** All that is remembered, as it is kept on disk. */
export interface GuardRecord extends FaillockRecord {
  /** What the names that no user has are hidden by, hex. */
  readonly key: string;
  readonly known: KnownRecord;
}

/** What a guard needs. */
export interface GuardOptions {
  /** Looked at each time, as they may change. */
  readonly limits: FaillockLimits;
  /** Unix time in milliseconds, as the memory outlives the process; `Date.now` unless given. */
  readonly unixTimeMs?: () => number;
}

/** One memory of failures and known addresses, for all names. */
export class Guard {
  readonly #faillock: Faillock;
  readonly #known = new KnownSources();
  readonly #unixTimeMs: () => number;
  #key = randomBytes(32);
  /** Called when there is something new to be kept. */
  onChange: () => void = () => {};

  constructor({ limits, unixTimeMs = Date.now }: GuardOptions) {
    this.#faillock = new Faillock(limits);
    this.#unixTimeMs = unixTimeMs;
  }

  /**
   * Who tries. A name that no user has is never kept as it is: people type their password into the
   * wrong field.
   */
  attemptOf(name: string, isUser: boolean, source: string): Attempt {
    if (isUser) return { name, source };
    const digest = createHmac("sha256", this.#key).update(name).digest("base64url");
    return { name: `#${digest}`, source }; // no user's name begins so
  }

  /** Whether that user has logged in from there. */
  isKnown({ name, source }: Attempt): boolean {
    return this.#known.has(name, source, this.#unixTimeMs());
  }

  /** Whether somebody may try now. */
  check(attempt: Attempt): FaillockState {
    return this.#faillock.check(attempt, this.isKnown(attempt), this.#unixTimeMs());
  }

  /** Counts a failure. @returns what it has locked */
  fail(attempt: Attempt): LockKind | null {
    this.onChange();
    return this.#faillock.fail(attempt, this.isKnown(attempt), this.#unixTimeMs());
  }

  /** Takes note of a right password. */
  succeed(attempt: Attempt): void {
    const forgot = this.#faillock.succeed(attempt);
    const learned = this.#known.add(attempt.name, attempt.source, this.#unixTimeMs());
    if (forgot || learned) this.onChange();
  }

  /** Forgets the failures of a name: its locks are over. @returns whether there were any */
  forgive(name: string): boolean {
    const any = this.#faillock.forget(name);
    if (any) this.onChange();
    return any;
  }

  /** Forgets where the user was at home, as with a password that others may have had. */
  forgetSources(name: string): void {
    if (this.#known.forget(name)) this.onChange();
  }

  /** The locks of users' names that hold now. */
  locks(): Lock[] {
    return this.#faillock.locks(this.#unixTimeMs()).filter(({ name }) => !name.startsWith("#"));
  }

  record(): GuardRecord {
    return {
      key: this.#key.toString("hex"),
      ...this.#faillock.record(this.#unixTimeMs()),
      known: this.#known.record(),
    };
  }

  restore({ key, known, ...failures }: GuardRecord): void {
    this.#key = Buffer.from(key, "hex");
    this.#known.restore(known);
    this.#faillock.restore(failures, this.#unixTimeMs());
  }
}
