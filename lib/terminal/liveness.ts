/** Says to a client that its session is there: when it asks, and while it must wait. */
import { settlesWithin } from "../clock.ts";
import type { Clock } from "../types.ts";

/** How often a client is told that is kept waiting, and whose questions cannot be read therefore. */
const WAITING_MS = 1_000;

/** One answer is on its way at a time, however often the client asks. */
export class Liveness implements Disposable {
  #phase: "quiet" | "saying" | "asked" | "over" = "quiet";

  /** @param tell resolves when the answer has left */
  constructor(private readonly tell: () => Promise<void>, private readonly clock: Clock) {}

  /** Says it now, or once more when the answer before has left. */
  say(): void {
    if (this.#phase === "saying") this.#phase = "asked";
    if (this.#phase !== "quiet") return;
    this.#phase = "saying";
    this.tell().then(() => this.#said(), () => {}); // a connection that is over ends all this
  }

  /** Waits until there is room for more input, and says so every now and then. */
  async sayWhile(room: Promise<void> | undefined): Promise<void> {
    if (!room) return;
    while (this.#phase !== "over" && !await settlesWithin(room, WAITING_MS, this.clock)) this.say();
  }

  [Symbol.dispose](): void {
    this.#phase = "over";
  }

  #said(): void {
    const again = this.#phase === "asked";
    if (this.#phase === "over") return;
    this.#phase = "quiet";
    if (again) this.say();
  }
}
