/** FairQueue the thread that carries keystrokes: each source has its part of it, and waits for more. */
import { Bucket, type BucketRates } from "../bucket.ts";
import type { Clock } from "../types.ts";

/** What one source may take of the thread's time, and what it may save up. */
const SOURCE_SHARE = 0.25;
const SAVED_MS = 100;
/** How long the thread works for requests in a row, and how long it then looks after terminals. */
const SLICE_MS = 3, BREAK_MS = 3;
/** The same, and the source's share, while nobody is at a terminal. */
const LONG_SLICE_MS = 20;
const LONG_SHARE = 1;
/** What a turn is thought to cost at first; then it is measured whenever somebody has had to wait. */
const FIRST_TURN_MS = 0.3, LEAST_TURN_MS = 0.1, MOST_TURN_MS = 5;
const LEARNING = 0.2;
/** How many accounts are kept; those where somebody waits are besides. */
const ACCOUNTS = 8192;

/** What a source has left, and who waits for its turn. */
interface Account {
  /** In milliseconds of the thread's time. */
  readonly balance: Bucket;
  /** What is to be done, and how many turns each costs. */
  readonly waiting: Map<() => void, number>;
}

/** What a fair queue needs. */
export interface FairQueueOptions {
  readonly clock: Clock;
  /** Whether anybody is at a terminal. */
  readonly isWatched: () => boolean;
  /** Calls back when the thread has looked after everything else; `setImmediate` unless given. */
  readonly soon?: (callback: () => void) => void;
}

/** Turns on the event loop; one for all sockets of a process. */
export class FairQueue {
  readonly #clock: Clock;
  readonly #isWatched: () => boolean;
  readonly #soon: (callback: () => void) => void;
  readonly #rates: BucketRates;
  readonly #accounts = new Map<string, Account>();
  /** Those with somebody who waits, in the order of their next turns. */
  readonly #queue = new Set<Account>();
  #turnMs = FIRST_TURN_MS;
  /** When the slice began, what was done in it, and whether terminals wait for its end. */
  #slice = { sinceMs: -Infinity, doneMs: 0, isShort: true };
  #phase: "free" | "working" | "break" = "free";

  constructor({ clock, isWatched, soon = setImmediate }: FairQueueOptions) {
    this.#clock = clock;
    this.#isWatched = isWatched;
    this.#soon = soon;
    const share = () => this.#slice.isShort ? SOURCE_SHARE : LONG_SHARE;
    this.#rates = {
      most: SAVED_MS,
      get perSecond() {
        return share() * 1000;
      },
    };
  }

  /**
   * Takes a turn of a source's, or several for what costs more than its time.
   *
   * @returns whether it may go on now; if not, it waits by `wait`
   */
  enter(source: string, turns = 1): boolean {
    const account = this.#accountOf(source);
    if (this.#queue.size > 0 || this.#phase !== "free" || !this.#hasTime()) return false;
    return this.#pay(account, turns);
  }

  /** How many of a source's wait. */
  waiting(source: string): number {
    return this.#accounts.get(source)?.waiting.size ?? 0;
  }

  /** Calls back at the source's next turn; disposing of the wait ends it. */
  wait(source: string, work: () => void, turns = 1): Disposable {
    const account = this.#accountOf(source);
    account.waiting.set(work, turns);
    this.#queue.add(account);
    this.#rest();
    return {
      [Symbol.dispose]: () => {
        account.waiting.delete(work);
        if (account.waiting.size === 0) this.#queue.delete(account);
      },
    };
  }

  #accountOf(source: string): Account {
    const account = this.#accounts.get(source) ??
      { balance: new Bucket(this.#clock, this.#rates), waiting: new Map<() => void, number>() };
    this.#accounts.delete(source);
    if (this.#accounts.size >= ACCOUNTS) this.#closeOldest();
    this.#accounts.set(source, account); // now the last of them
    return account;
  }

  /** Closes the account that was used longest ago and where nobody waits. */
  #closeOldest(): void {
    for (const [source, { waiting }] of this.#accounts) {
      if (waiting.size === 0) return void this.#accounts.delete(source);
    }
  }

  /** Whether the slice has room; after a break a new one begins. */
  #hasTime(): boolean {
    const now = this.#clock.now();
    const slice = this.#slice;
    const longestMs = slice.isShort ? SLICE_MS : LONG_SLICE_MS;
    if (now - slice.sinceMs >= longestMs + BREAK_MS) {
      this.#slice = { sinceMs: now, doneMs: 0, isShort: this.#isWatched() };
    }
    return this.#slice.doneMs < (this.#slice.isShort ? SLICE_MS : LONG_SLICE_MS);
  }

  #pay({ balance }: Account, turns: number): boolean {
    if (balance.level <= 0) return false;
    balance.spend(turns * this.#turnMs);
    this.#slice.doneMs += this.#turnMs;
    return true;
  }

  #rest(): void {
    if (this.#phase !== "free" || this.#queue.size === 0) return;
    this.#phase = "break";
    this.#clock.timer(BREAK_MS, () => this.#work());
  }

  /** Those who wait have their turns, one source after the other. */
  #work(): void {
    this.#phase = "working";
    const sinceMs = this.#clock.now();
    this.#slice = { sinceMs, doneMs: 0, isShort: this.#isWatched() };
    let [turns, passed] = [0, 0];
    while (passed < this.#queue.size && this.#hasTime()) {
      const account = this.#queue.values().next().value!;
      this.#queue.delete(account);
      this.#queue.add(account);
      const [work, cost] = account.waiting.entries().next().value!;
      if (!this.#pay(account, cost)) passed++;
      else {
        [turns, passed] = [turns + 1, 0];
        account.waiting.delete(work);
        if (account.waiting.size === 0) this.#queue.delete(account);
        work();
      }
    }
    this.#soon(() => {
      if (turns > 0) this.#learn((this.#clock.now() - sinceMs) / turns);
      this.#phase = "free";
      this.#rest();
    });
  }

  /** Most of what a request causes comes after its turn, but before the thread is free. */
  #learn(turnMs: number): void {
    const learnt = this.#turnMs + (turnMs - this.#turnMs) * LEARNING;
    this.#turnMs = Math.min(MOST_TURN_MS, Math.max(LEAST_TURN_MS, learnt));
  }
}
