/** Keeps the line that `systemctl status` shows up to date, STATUS= of sd_notify(3). */
import type { Clock } from "../types.ts";
import type { Notify } from "./notify.ts";

/** How often it may change. */
const STATUS_MS = 1_000;

/** What the line comes from. */
export interface StatusParts {
  /** The line as it should be now. */
  readonly describe: () => string;
  readonly notify: Notify;
  readonly clock: Clock;
}

/** Disposing it leaves the line as it is. */
export class StatusLine implements Disposable {
  readonly #parts: StatusParts;
  #told = "";
  #timer: Disposable | null = null;

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** Sends the line and these assignments together, and from then on the line whenever it changes. */
  async tell(...assignments: readonly string[]): Promise<void> {
    const { describe, notify } = this.#parts;
    const line = this.#told = describe();
    const isHeard = await notify(...assignments, `STATUS=${line}`);
    if (isHeard) this.#timer ??= this.#arm();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #arm(): Disposable {
    return this.#parts.clock.timer(STATUS_MS, () => {
      this.#timer = this.#arm();
      if (this.#parts.describe() !== this.#told) this.tell();
    });
  }
}
