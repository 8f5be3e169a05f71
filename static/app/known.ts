/** What came with the page, so that nothing has to be asked before the first terminal. */
/// <reference lib="dom" />
import type { Known as Brought } from "../../lib/protocol/nodes.ts";
import type { Image } from "../images.ts";
import { askRunning, ownOf, type Running } from "../running.ts";

export class Known {
  readonly #base: string;
  /** Until it is used: it is true as the page is loaded, and not much longer. */
  #brought: Brought | undefined;

  /** The gateway is below `base`. */
  constructor(base: string) {
    this.#base = base;
    const text = document.documentElement.dataset.known;
    this.#brought = text ? JSON.parse(text) : undefined;
  }

  get images(): readonly Image[] | undefined {
    return this.#brought?.images;
  }

  /** The person's own sessions that run: asked for, but for the first time. */
  async running(): Promise<readonly Running[]> {
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought === undefined) return (await askRunning(this.#base)).running;
    return ownOf(brought.sessions, Date.parse(brought.at));
  }
}
