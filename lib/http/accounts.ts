/** Ends what an account no longer allows, soon after the file of users has changed. */
import type { Agent } from "../agent/agent.ts";
import type { Guard } from "../auth/guard.ts";
import type { Accounts } from "../auth/htpasswd_file.ts";
import type { Keys } from "../auth/keys.ts";
import type { Logins } from "../auth/login.ts";
import type { Shares } from "../auth/shares.ts";
import type { AuthStack } from "../auth/stack.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Log } from "../log.ts";
import type { SessionInfo } from "../protocol/resources.ts";
import { type Ending, ending } from "../sessions/endings.ts";
import type { Clock } from "../types.ts";

/** How often the file is looked at, which costs one stat(2). */
export const LOOK_MS = 250;
/** How often a session is ended again whose node is away. */
export const AWAY_MS = 5_000;

/** What it looks at and ends. */
export interface AccountParts {
  readonly stack: Pick<AuthStack, "accounts">;
  readonly logins: Pick<Logins, "check">;
  readonly guard: Pick<Guard, "forgive" | "forgetSources">;
  readonly tokens: Pick<Tokens, "keepOf">;
  readonly keys: Pick<Keys, "keepOf">;
  readonly shares: Pick<Shares, "keepOf">;
  readonly agent: Pick<Agent, "list" | "end">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at the file of users until it is disposed of. */
export class AccountWatch implements Disposable {
  readonly #parts: AccountParts;
  /** What sessions and logins were judged by; null before the file could be read. */
  #judged: Accounts | null = null;
  /** What the last look found: editors and htpasswd(1) write it in pieces. */
  #seen: Accounts | null = null;
  /** When sessions are looked at again that could not be ended. */
  #againMs = Infinity;
  #timer: Disposable;

  private constructor(parts: AccountParts) {
    this.#parts = parts;
    this.#timer = this.#arm();
  }

  static start(parts: AccountParts): AccountWatch {
    const watch = new AccountWatch(parts);
    watch.#look();
    return watch;
  }

  /**
   * Takes the file as it is now for right: the one who changed it says so. Resolves when the
   * containers of those who may not log in any more are gone.
   */
  async apply(): Promise<void> {
    const accounts = this.#read();
    if (accounts !== null) await this.#judge(accounts);
  }

  /** How the account's sessions end, or null while its user may log in. */
  endingOf(name: string): Ending | null {
    const accounts = this.#read();
    return accounts && endingOf(name, accounts);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #arm(): Disposable {
    return this.#parts.clock.timer(LOOK_MS, () => {
      this.#timer = this.#arm();
      this.#look();
    });
  }

  #look(): void {
    const accounts = this.#read();
    const isWhole = accounts !== null && accounts === this.#seen;
    this.#seen = accounts;
    const isLeft = this.#parts.clock.now() >= this.#againMs;
    if (isWhole && (accounts !== this.#judged || isLeft)) this.#judge(accounts);
  }

  #read(): Accounts | null {
    try {
      return this.#parts.stack.accounts();
    } catch {
      return null; // those who log in hear of it; sessions outlive a file that is away
    }
  }

  async #judge(accounts: Accounts): Promise<void> {
    const { agent, logins, tokens, keys, shares, log } = this.#parts;
    this.#forget(this.#judged, accounts);
    this.#judged = accounts;
    const isUser = (name: string) => accounts.byName.has(name);
    const kept = [tokens.keepOf(isUser), keys.keepOf(isUser), shares.keepOf(isUser)];
    this.#againMs = Infinity;
    let ends: Promise<void>[] = [];
    try {
      // Before the logins, so that those who look at a session hear how it ended.
      ends = (await agent.list()).map((session) => this.#end(session, accounts));
    } catch (error) {
      this.#judged = null; // at the next look
      log.warning("Cannot end the sessions of users that may not log in any more", { error });
    }
    logins.check();
    const ended = await Promise.allSettled(ends);
    // Those of a node that is away end when it is back.
    const isLeft = ended.some(({ status }) => status === "rejected");
    this.#againMs = isLeft ? this.#parts.clock.now() + AWAY_MS : Infinity;
    await Promise.all(kept);
  }

  async #end({ id, user, phase }: SessionInfo, accounts: Accounts): Promise<void> {
    const { agent, log } = this.#parts;
    const cause = endingOf(user, accounts);
    if (cause === null) return;
    if (phase === "live") {
      const fields = { event: "session-kill", session: id, user, by: "auth.htpasswd" } as const;
      log.notice("session ended: its user may not log in any more", fields);
    }
    await agent.end(id, cause);
  }

  /** With a new password, or after a lock, what was guessed before is of no account. */
  #forget(before: Accounts | null, now: Accounts): void {
    const { guard } = this.#parts;
    for (const { name, hash, locked } of before?.byName.values() ?? []) {
      const entry = now.byName.get(name);
      if (locked !== entry?.locked) {
        const what = entry === undefined ? "removed" : entry.locked ? "locked" : "unlocked";
        const fields = { event: "user", user: name, what, by: "auth.htpasswd" } as const;
        this.#parts.log.notice(`a user was ${what}`, fields);
      }
      const isSame = entry?.hash === hash;
      if (!isSame || (locked && !entry.locked)) guard.forgive(name);
      if (!isSame) guard.forgetSources(name); // a password may be changed as others had it
    }
  }
}

function endingOf(name: string, { byName }: Accounts): Ending | null {
  const entry = byName.get(name);
  if (entry !== undefined && !entry.locked) return null;
  const what = entry === undefined ? "removed" : "locked";
  return {
    ...ending("killed", `Your account was ${what} by an administrator.`),
    endsLogin: true,
  };
}
