/** When to try again: a lost connection, or for a place; with jitter, cut short by a sign of life. */
/// <reference lib="dom" />

const FIRST_MS = 500;
/** A gateway that is restarted is back within seconds, and each second counts then. */
const SOON_MS = 1_000, SOON_TRIES = 20;
const LONGEST_MS = 10_000;

/** How often a gateway that answers may refuse a terminal. */
const REFUSALS = 5;

const PLACE_MS = 3_000;
const PLACE_SPREAD_MS = 2_000;

/**
 * How many milliseconds to wait before a try.
 *
 * @param attempt how many tries have failed since the connection was last good, from 0
 * @param random from 0 up to 1; between half and all of the step is waited, so that many pages which
 *   lost one gateway do not come back at the same moment
 */
export function reconnectDelay(attempt: number, random: number): number {
  const soon = Math.min(SOON_MS, FIRST_MS * 2 ** attempt);
  const step = Math.min(LONGEST_MS, soon * 2 ** Math.max(0, attempt - SOON_TRIES));
  return step / 2 + (step / 2) * random;
}

/** Connections that failed since one was last good. */
export class Attempts {
  #failures = 0;
  #refusals = 0;

  /** How long to wait before the next one. */
  delay(): number {
    return reconnectDelay(this.#failures++, Math.random());
  }

  /** A gateway that answers refused one; returns whether that is often enough to ask the person. */
  refused(): boolean {
    return ++this.#refusals === REFUSALS;
  }

  /** One is good, or the person wants it. */
  reset(): void {
    this.#failures = this.#refusals = 0;
  }
}

/** How many milliseconds to wait before asking again for a place; `random` as in `reconnectDelay`. */
export function placeDelay(random: number): number {
  return PLACE_MS + PLACE_SPREAD_MS * random;
}

/** Something whose events may cut a wait short. */
export interface Waker {
  readonly target: EventTarget;
  readonly event: string;
  /** Whether this event, now, is a reason to try at once. */
  readonly when?: () => boolean;
}

/** What tells that the network, or the person, is back. */
export function signsOfLife(): Waker[] {
  const visible = () => document.visibilityState === "visible";
  return [
    { target: globalThis, event: "online" },
    { target: document, event: "visibilitychange", when: visible },
  ];
}

/** Resolves after `delay` milliseconds, at a waker's event, or when `signal` aborts. */
export function waitOrWake(
  delay: number,
  wakers: readonly Waker[],
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const finish = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(finish, delay);
    for (const { target, event, when } of wakers) {
      target.addEventListener(event, () => {
        if (when?.() ?? true) finish();
      }, { signal: over.signal });
    }
    signal.addEventListener("abort", finish, { signal: over.signal });
    if (signal.aborted) finish();
  });
}
