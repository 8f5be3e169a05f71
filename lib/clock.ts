/** The real clock, and waiting by any clock. */
import type { Clock } from "./types.ts";

/** Monotonic time and timers of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  timer(delayMs, callback) {
    const id = setTimeout(callback, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(id) };
  },
};

/**
 * Waits until a promise settles, or so long at most.
 *
 * @returns whether the promise settled in time; its rejection counts as settled and is left to its owner
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  delayMs: number,
  clock: Clock,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  using _timer = clock.timer(delayMs, () => resolve(false));
  return await Promise.race([promise.then(() => true as const, () => true as const), late]);
}

/** Resolves after so many milliseconds, or when the signal is aborted. */
export async function sleep(delayMs: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const over = Promise.withResolvers<void>();
  using _timer = clock.timer(delayMs, over.resolve);
  using _abort = whenAborted(signal, over.resolve);
  await over.promise;
}

/** The outcome of a promise; rejects with the signal's reason when that is aborted before. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  using _abort = whenAborted(signal, () => aborted.reject(signal.reason));
  return await Promise.race([aborted.promise, promise]);
}

/** Calls back once, at once where it has been aborted; not any more when it is disposed of. */
export function whenAborted(signal: AbortSignal | undefined, then: () => void): Disposable {
  if (signal?.aborted) then();
  else signal?.addEventListener("abort", then, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", then) };
}
