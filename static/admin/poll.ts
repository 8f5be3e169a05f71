/** Asks again and again while somebody looks, one round at a time. */
import type { Clock } from "../../lib/types.ts";

export interface PollParts {
  /** How long it waits from the end of one round to the next. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** One round, which never rejects; resolves to whether there is any use in another. */
  ask(): Promise<boolean>;
}

export class Poll {
  readonly #parts: PollParts;
  #phase: "resting" | "asking" | "askingTwice" | "over" = "resting";
  #isSeen = false;
  #timer: Disposable | undefined;

  constructor(parts: PollParts) {
    this.#parts = parts;
  }

  /** Whether somebody looks: it asks at once then, and not at all otherwise. */
  seen(isSeen: boolean): void {
    this.#isSeen = isSeen;
    if (isSeen) this.now();
    else this.#timer?.[Symbol.dispose]();
  }

  /** Asks at once; a round that is under way may tell of before, and another one follows it. */
  now(): void {
    if (!this.#isSeen) return;
    if (this.#phase === "resting") this.#round();
    else if (this.#phase === "asking") this.#phase = "askingTwice";
  }

  async #round(): Promise<void> {
    const { ask, clock, everyMs } = this.#parts;
    this.#timer?.[Symbol.dispose]();
    this.#phase = "asking";
    const goesOn = await ask();
    const isDue = this.#again();
    this.#phase = goesOn ? "resting" : "over";
    if (!goesOn || !this.#isSeen) return;
    if (isDue) this.now();
    else this.#timer = clock.timer(everyMs, () => this.now());
  }

  #again(): boolean {
    return this.#phase === "askingTwice";
  }
}
