/** The viewers of those who have no WebSocket: one for each session that is asked for. */
import type { Clock } from "../../types.ts";
import type { Serve } from "../../agent/near_socket.ts";
import { type PlainViewer, readyViewer } from "../../agent/viewer.ts";

/** How long one is kept that nobody asks; the session goes on without it as it does without a page. */
const IDLE_MS = 60_000;

interface Held {
  readonly viewer: PlainViewer;
  readonly user: string;
  idle: Disposable;
  /** Ends the long poll that waits, as one client has one. */
  poll: AbortController;
}

export class PlainViewers implements Disposable {
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Begins a session, and keeps its viewer.
   *
   * @param gone aborted when the client is not there any more
   * @throws {Error} as `serve` does, or a `ViewerOverError`
   */
  async open(
    user: string,
    serve: Serve,
    gone: AbortSignal,
  ): Promise<{ session: string; viewer: PlainViewer }> {
    const { session, viewer } = await readyViewer(serve, gone);
    this.#hold(session, user, viewer);
    return { session, viewer };
  }

  /**
   * The viewer of a user's session, or another one for it that knows the output up to an offset.
   *
   * @param gone aborted when the client is not there any more
   * @throws {Error} as `serve` does, or a `ViewerOverError`
   */
  async of(
    session: string,
    user: string,
    serve: Serve,
    gone: AbortSignal,
  ): Promise<PlainViewer> {
    const held = this.#held.get(session);
    if (held !== undefined && held.user === user) {
      held.idle[Symbol.dispose]();
      held.idle = this.#arm(session);
      return held.viewer;
    }
    const { viewer } = await readyViewer(serve, gone);
    this.#hold(session, user, viewer);
    return viewer;
  }

  /** The signal of a poll, which ends the one before. */
  poll(session: string): AbortSignal {
    const held = this.#held.get(session);
    held?.poll.abort();
    const poll = new AbortController();
    if (held !== undefined) held.poll = poll;
    return poll.signal;
  }

  /** One that is over is told once. */
  forget(session: string): void {
    const held = this.#held.get(session);
    this.#held.delete(session);
    held?.idle[Symbol.dispose]();
    held?.viewer[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const session of [...this.#held.keys()]) this.forget(session);
  }

  #hold(session: string, user: string, viewer: PlainViewer): void {
    this.forget(session);
    const poll = new AbortController();
    this.#held.set(session, { viewer, user, idle: this.#arm(session), poll });
  }

  #arm(session: string): Disposable {
    return this.#clock.timer(IDLE_MS, () => this.forget(session));
  }
}
