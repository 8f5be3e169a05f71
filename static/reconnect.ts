/** When to try a lost connection again: exponential back-off with jitter, cut short by a sign of life. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * How many milliseconds to wait before a try.
 *
 * @param attempt how many tries have failed since the connection was last good, from 0
 * @param random from 0 up to 1; between half and all of the step is waited, so that many pages which
 *   lost one gateway do not come back at the same moment
 */
export function reconnectDelay(attempt: number, random: number): number {
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return step / 2 + (step / 2) * random;
}

/** Something whose events may cut a wait short. */
export interface Waker {
  readonly target: EventTarget;
  readonly event: string;
  /** Whether this event, now, is a reason to try at once. */
  readonly when?: () => boolean;
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
