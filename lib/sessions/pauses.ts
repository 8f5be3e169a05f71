/** Tells a viewer that a session stands still, paused or out of reach, and when it goes on. */
import type { Clock } from "../types.ts";

/** The gateway itself pauses a container for a moment, which is nobody's business. */
const TELL_MS = 1_000;

/** What a viewer is told. */
export type PauseEvent = "paused" | "resumed";

/** Hears of each pause and its end; disposing it forgets both. */
export class Pauses implements Disposable {
  #phase: "running" | "paused" | "told" = "running";
  #timer: Disposable | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (event: PauseEvent) => void,
  ) {}

  note(kind: "pause" | "unpause"): void {
    if ((kind === "pause") === (this.#phase !== "running")) return;
    if (this.#phase === "told") this.tell("resumed");
    this[Symbol.dispose]();
    this.#phase = kind === "pause" ? "paused" : "running";
    if (kind === "unpause") return;
    this.#timer = this.clock.timer(TELL_MS, () => {
      this.#phase = "told";
      this.tell("paused");
    });
  }

  /** Tells again of a pause that was told: for a viewer that has just come. */
  repeat(): void {
    if (this.#phase === "told") this.tell("paused");
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
