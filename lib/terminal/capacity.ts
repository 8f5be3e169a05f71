/** FairQueue a full machine between people who type and output that floods: keys' echoes come first. */
import { sleep } from "../clock.ts";
import type { Clock } from "../types.ts";
import { isInterrupt } from "./interrupt.ts";

/** What a session takes in within a window to count as flooding. */
const FLOOD_BYTES = 64 * 1024;
const WINDOW_MS = 500;
/** For how long after its begin, or its last input, somebody is thought to sit before a session. */
const PRESENT_MS = 60_000;
/** What a flooding session takes in at its turn: little, so that all of them keep moving. */
const TURN_BYTES = 16 * 1024;
/** How much all floods together may take in a second; what is right for a machine is learned. */
const FIRST_RATE = 2_000_000, LEAST_RATE = 500_000, MOST_RATE = 200_000_000;
/** An echo that takes longer says that floods take too much; a quick one, that there is room. */
const SLOW_MS = 8, QUICK_MS = 4;
const SLOWER = 0.7, FASTER = 1.05;
/** A key that is not echoed, as in a password, says nothing. */
const NO_ECHO_MS = 1_000;
/** An echo can be told from other output only where there was none for so long. */
const QUIET_MS = 20;
/** One session's keys say no more than this often how the machine does: nobody decides for all. */
const LESSON_EVERY_MS = 100;
/** After an interrupt a session is not paced for so long, and not so soon again. */
const UNPACED_MS = 1_000, UNPACED_EVERY_MS = 5_000;

/** One for all sessions of a process. */
export class Capacity {
  readonly #clock: Clock;
  readonly #onEcho: (echoMs: number) => void;
  readonly #members = new Set<Member>();
  #bytesPerSecond = FIRST_RATE;
  /** When the next turn begins; turns are given in the order in which they are asked for. */
  #nextTurnMs = 0;

  /** @param onEcho told how long an echo took, of those that are measured */
  constructor(clock: Clock, onEcho: (echoMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#onEcho = onEcho;
  }

  /** How much all floods together may take in while somebody types. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Takes part, as one session, until disposed. */
  join(): Member {
    const member = new Member(this, this.#clock, () => this.#members.delete(member));
    this.#members.add(member);
    return member;
  }

  /**
   * Gives a flooding session its turn.
   *
   * @returns the milliseconds until then, or null when nobody is there to be disturbed
   */
  book(by: Member): number | null {
    if (!by.floods) return null;
    if (!this.#members.values().some((member) => member !== by && member.isPresent)) return null;
    const now = this.#clock.now();
    const waitMs = Math.max(0, this.#nextTurnMs - now);
    this.#nextTurnMs = now + waitMs + TURN_BYTES / this.#bytesPerSecond * 1000;
    return waitMs;
  }

  /** Learns from how long an echo took. */
  learn(echoMs: number): void {
    if (echoMs > NO_ECHO_MS) return;
    this.#onEcho(echoMs);
    const paced = this.#nextTurnMs > this.#clock.now() - WINDOW_MS;
    if (!paced) return;
    if (echoMs > SLOW_MS) {
      this.#bytesPerSecond = Math.max(LEAST_RATE, this.#bytesPerSecond * SLOWER);
    } else if (echoMs < QUICK_MS) {
      this.#bytesPerSecond = Math.min(MOST_RATE, this.#bytesPerSecond * FASTER);
    }
  }
}

/** One session's part. */
export class Member implements Disposable {
  readonly #capacity: Capacity;
  readonly #clock: Clock;
  readonly #leave: () => void;
  #presentMs: number;
  #tookMs = -Infinity;
  /** When a turn that it waited for was used. */
  #waitedMs = -Infinity;
  #unpacedMs = -Infinity;
  #taughtMs = -Infinity;
  #phase: "unpaced" | "waiting" | "waited" | "left" = "unpaced";
  /** Ends the wait for a turn. */
  #wait = new AbortController();
  #windowMs = -Infinity;
  #windowBytes = 0;
  /** What the window before this one had. */
  #beforeBytes = 0;
  /** When the key was typed whose echo is due, null when none is. */
  #echoSinceMs: number | null = null;

  constructor(capacity: Capacity, clock: Clock, leave: () => void) {
    this.#capacity = capacity;
    this.#clock = clock;
    this.#leave = leave;
    this.#presentMs = clock.now();
  }

  /** Whether so much output comes that nobody reads it, or would if it had not to wait. */
  get floods(): boolean {
    this.#turnWindow();
    if (this.#clock.now() - this.#waitedMs < 2 * WINDOW_MS) return true;
    return Math.max(this.#windowBytes, this.#beforeBytes) >= FLOOD_BYTES;
  }

  /** Whether somebody is there whom the floods of others would disturb. */
  get isPresent(): boolean {
    return this.#clock.now() - this.#presentMs < PRESENT_MS && !this.floods;
  }

  /** Input came. */
  typed(bytes: Uint8Array): void {
    const now = this.#presentMs = this.#clock.now();
    if (isInterrupt(bytes) && now - this.#unpacedMs >= UNPACED_EVERY_MS) {
      this.#unpacedMs = now;
      this.#endWait();
    }
    // What Enter leads to may take long on a machine that is idle.
    const isKey = bytes.length === 1 && bytes[0]! >= 0x20 && bytes[0]! < 0x7f;
    const teaches = now - this.#taughtMs >= LESSON_EVERY_MS && now - this.#tookMs >= QUIET_MS;
    if (isKey && teaches) this.#echoSinceMs ??= now;
    else this.#echoSinceMs = null;
  }

  /** Waits for the turn to take in output, if it must; resolves with how much of `room` it may. */
  async turn(room: number): Promise<number> {
    if (this.#phase === "left" || this.#clock.now() - this.#unpacedMs < UNPACED_MS) return room;
    const waitMs = this.#capacity.book(this);
    if (waitMs === null) return room;
    if (waitMs > 0) {
      this.#phase = "waiting";
      await sleep(Math.ceil(waitMs), this.#clock, this.#wait.signal);
      if (this.#phase !== "waiting") return room;
      this.#phase = "waited";
    }
    return Math.min(room, TURN_BYTES);
  }

  /** Output came. */
  took(bytes: number): void {
    this.#turnWindow();
    this.#windowBytes += bytes;
    const now = this.#tookMs = this.#clock.now();
    if (this.#phase === "waited") {
      this.#phase = "unpaced";
      // Who does not use half a turn has stopped flooding.
      this.#waitedMs = bytes >= TURN_BYTES / 2 ? now : -Infinity;
    }
    if (this.#echoSinceMs === null) return;
    this.#taughtMs = now;
    this.#capacity.learn(now - this.#echoSinceMs);
    this.#echoSinceMs = null;
  }

  /** Leaves; what it still takes in is not paced. */
  [Symbol.dispose](): void {
    this.#leave();
    this.#endWait();
    this.#phase = "left";
  }

  #endWait(): void {
    this.#phase = "unpaced";
    this.#wait.abort();
    this.#wait = new AbortController();
  }

  #turnWindow(): void {
    const now = this.#clock.now();
    const windows = Math.floor((now - this.#windowMs) / WINDOW_MS);
    if (windows < 1) return;
    this.#beforeBytes = windows === 1 ? this.#windowBytes : 0;
    this.#windowBytes = 0;
    this.#windowMs = now;
  }
}
