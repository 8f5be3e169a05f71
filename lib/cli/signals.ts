/** What signals tell `serve`: to leave, or to reload. */

/** Listens from its making on; a reload asked for before anybody can do it is done then. */
export class Signals {
  readonly #leave = Promise.withResolvers<Deno.Signal>();
  readonly #left = new AbortController();
  readonly #reload = Promise.withResolvers<() => void>();

  /** @param leaving the signals that end the gateway */
  constructor(leaving: readonly Deno.Signal[]) {
    for (const signal of leaving) Deno.addSignalListener(signal, () => this.#end(signal));
    const hadTerminal = hasTerminal();
    Deno.addSignalListener("SIGHUP", () => {
      if (hadTerminal && !hasTerminal()) this.#end("SIGHUP");
      else if (!this.left.aborted) this.#reload.promise.then((reload) => reload());
    });
  }

  /** Resolves with the first signal that ends the gateway; the second one ends the process at once. */
  get leave(): Promise<Deno.Signal> {
    return this.#leave.promise;
  }

  /** Aborted with it. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Called for each SIGHUP, but for the one of a terminal that was closed. */
  onReload(reload: () => void): void {
    this.#reload.resolve(reload);
  }

  #end(signal: Deno.Signal): void {
    if (this.left.aborted) Deno.exit(1);
    this.#left.abort();
    this.#leave.resolve(signal);
  }
}

/**
 * Whether the process has a controlling terminal (tty(4)). The kernel takes it away before it sends
 * the SIGHUP of a terminal that was closed; a SIGHUP that somebody sent leaves it. A service has
 * none from the start.
 */
function hasTerminal(): boolean {
  try {
    Deno.openSync("/dev/tty").close();
    return true;
  } catch {
    return false;
  }
}
