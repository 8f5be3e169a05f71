/**
 * Lets xterm.js read on in a hidden tab; import it before xterm.
 *
 * It takes output in turns, each begun by `setTimeout`. Browsers run the timers of a hidden tab once
 * a second, and later once a minute, so that the program in the terminal would stand still. Messages
 * come at once: while the tab is hidden, they stand in for timers without a delay.
 */
/// <reference lib="dom" />

const { setTimeout: timer, clearTimeout: clearTimer } = globalThis;
/** By ids that are below zero, unlike those of the browser's timers. */
const due = new Map<unknown, () => void>();
let last = 0;

const { port1, port2 } = new MessageChannel();
port1.onmessage = ({ data: id }) => {
  const run = due.get(id);
  due.delete(id);
  run?.();
};

globalThis.setTimeout = ((callback: unknown, delayMs = 0, ...values: unknown[]) => {
  if (!document.hidden || delayMs > 0 || typeof callback !== "function") {
    return timer(callback as TimerHandler, delayMs, ...values);
  }
  const id = --last;
  due.set(id, () => callback(...values));
  port2.postMessage(id);
  return id;
}) as typeof setTimeout;

globalThis.clearTimeout = (id) => {
  if (!due.delete(id)) clearTimer(id);
};

/**
 * A timer that is held up by a second at most while the tab is hidden: only those that other timers
 * begin may come once a minute. Returns how to stop it.
 */
export function after(delayMs: number, callback: () => void): () => void {
  let id = setTimeout(() => id = setTimeout(callback, delayMs));
  return () => clearTimeout(id);
}
