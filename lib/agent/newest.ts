/** Sends what is out of date soon: one thing at a time, and of those that wait the newest; pure. */
import type { TerminalEvent } from "../types.ts";

/**
 * For a client that takes its time, which gets no more of them than it takes.
 *
 * @param send resolves when it has left
 */
export function newestOf<T>(send: (item: T) => Promise<void>): (item: T) => void {
  let phase: "free" | "sending" = "free";
  let waiting: { readonly item: T } | null = null;
  const begin = (item: T) => {
    phase = "sending";
    send(item).then(() => {
      phase = "free";
      const next = waiting;
      waiting = null;
      if (next !== null) begin(next.item);
    });
  };
  return (item) => {
    if (phase === "free") begin(item);
    else waiting = { item };
  };
}

/**
 * Tells a client what happens. How things are now, which others may change as often as they like, is
 * told no faster than it is taken.
 */
export function telling(
  send: (event: TerminalEvent) => Promise<void>,
): (event: TerminalEvent) => void {
  const newest = { guests: newestOf(send), size: newestOf(send) };
  return (event) => {
    if (event.type === "guests" || event.type === "size") newest[event.type](event);
    else void send(event);
  };
}
