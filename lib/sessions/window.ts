/** The size of a terminal's window; of several that come at once, the last counts. */
import { settlesWithin, sleep } from "../clock.ts";
import type { Output } from "../terminal/output.ts";
import type { Clock, Winsize } from "../types.ts";
import type { Engine } from "./engine.ts";

/** How long a program may take to draw its screen for another size. */
const REDRAW_MS = 1_000;
/** How often the engine is told: each time costs it some work, and a window that is dragged has many. */
const EVERY_MS = 50;

export class TerminalWindow {
  #size: Winsize | null = null;
  #wanted: Winsize | null = null;
  #resizing: Promise<void> | null = null;
  #redraws = false;

  constructor(
    private readonly parts: {
      readonly engine: Engine;
      readonly container: string;
      readonly output: Output;
      readonly clock: Clock;
      readonly signal: AbortSignal;
    },
  ) {}

  /** Null while it is not known. */
  get size(): Winsize | null {
    return this.#size;
  }

  /** It was begun with this size. */
  begun(winsize: Winsize): void {
    this.#size ??= winsize;
  }

  resize(winsize: Winsize): void {
    this.#size = this.#wanted = winsize;
    this.#resizing ??= this.#apply().finally(() => this.#resizing = null);
  }

  /** Has the program draw its screen again: now, or at the first `resize`. */
  redraw(): void {
    this.#redraws = true;
    if (this.#size) this.resize(this.#size);
  }

  async #apply(): Promise<void> {
    const { engine, container, output, clock, signal } = this.parts;
    // A size that cannot be set is a shell that is gone: its exit tells the rest.
    const set = (winsize: Winsize) => engine.resize(container, winsize, signal).catch(() => {});
    while (this.#wanted && !signal.aborted) {
      const winsize = this.#wanted;
      this.#wanted = null;
      if (this.#redraws) {
        this.#redraws = false;
        const { end } = output;
        await set({ ...winsize, cols: winsize.cols ^ 1 || 2 }); // one more, or one less
        // A program that looks when both sizes have come sees that nothing changed.
        await settlesWithin(output.after(end, signal), REDRAW_MS, clock);
      }
      await set(winsize);
      await sleep(EVERY_MS, clock, signal);
    }
  }
}
