/** Who follows a session: one client at a time, and the grace after the last one. */
import type { Clock, TerminalEvent } from "../types.ts";

/**
 * Why a client gets no more: another one took over, or it must come back, perhaps to the next gateway
 * or since output was lost.
 */
export type ViewerEnd = "replaced" | "comeBack";

/** A client that follows a session; disposing it starts the grace. */
export interface Viewer extends Disposable {
  /** Aborted when it gets no more, with a `ViewerEnd` as the reason. */
  readonly over: AbortSignal;
}

/** Disposing it ends the grace without a word; who follows then is left alone. */
export class Viewers implements Disposable {
  #phase: "open" | "closed" = "open";
  #viewer: { emit: (event: TerminalEvent) => void; over: AbortController } | null = null;
  #grace: Disposable | null = null;
  #count: number;
  /** Which viewer the last one said to have been before; undefined where it said nothing. */
  #returned: number | undefined;

  /**
   * @param graceMs how long to wait for the next one; what it is when one goes counts
   * @param count how many there have been under gateways before this one
   * @param changed told when one comes or goes
   */
  constructor(
    private readonly clock: Clock,
    private readonly graceMs: () => number,
    private readonly onAbandoned: () => void,
    count: number,
    private readonly changed: () => void = () => {},
  ) {
    this.#count = count;
    this.#startGrace();
  }

  /** Whether there is one now. */
  get attached(): boolean {
    return this.#viewer !== null;
  }

  /** How many there have been, from the session's start on. */
  get count(): number {
    return this.#count;
  }

  /**
   * Puts a client in the place of the one before.
   *
   * @param was which viewer it was before, where it knows. One that comes back again as the same is
   * counted once: it never learned its new number, and a gap would say that somebody else was here.
   */
  replace(emit: (event: TerminalEvent) => void, was?: number): Viewer {
    this.end("replaced");
    this.#grace?.[Symbol.dispose]();
    const comesAgain = was !== undefined && was === this.#returned && was === this.#count - 1;
    if (!comesAgain) this.#count++;
    this.#returned = was;
    const viewer = this.#viewer = { emit, over: new AbortController() };
    this.changed();
    return {
      over: viewer.over.signal,
      [Symbol.dispose]: () => {
        if (this.#viewer !== viewer) return;
        this.#viewer = null;
        this.changed();
        this.#startGrace();
      },
    };
  }

  /** Tells the one there is, if there is one. */
  emit(event: TerminalEvent): void {
    this.#viewer?.emit(event);
  }

  /** Lets go of the one there is. */
  end(why: ViewerEnd): void {
    this.#viewer?.over.abort(why);
  }

  [Symbol.dispose](): void {
    this.#phase = "closed";
    this.#grace?.[Symbol.dispose]();
  }

  #startGrace(): void {
    if (this.#phase === "closed") return;
    this.#grace = this.clock.timer(this.graceMs(), this.onAbandoned);
  }
}
