/** Exit statuses of containers, as the engine's events tell them. */

/** One promise for each container that is watched. */
export class Exits {
  readonly #watched = new Map<string, PromiseWithResolvers<number>>();

  /** @param signal lets go of it; nothing is told any more */
  watch(container: string, signal: AbortSignal): Promise<number> {
    const exit = Promise.withResolvers<number>();
    exit.promise.catch(() => {}); // nobody may be asking
    this.#watched.set(container, exit);
    const forget = () => {
      if (this.#watched.get(container) === exit) this.#watched.delete(container);
    };
    signal.addEventListener("abort", forget, { once: true });
    return exit.promise;
  }

  /** Whether somebody waits for it. */
  isWatched(container: string): boolean {
    return this.#watched.has(container);
  }

  tell(container: string, status: number): void {
    this.#watched.get(container)?.resolve(status);
  }

  /** The events broke off: an exit may go by. */
  fail(reason: unknown): void {
    for (const exit of this.#watched.values()) exit.reject(reason);
    this.#watched.clear();
  }
}
