/** Writes down what a session needs to outlive its gateway's process, soon after it changes. */
import { abortable, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import type { Lease } from "./leases.ts";
import type { Session } from "./session.ts";

/** How much may change before it is written. */
const SAVE_MS = 250;
/** How much output is written: enough to find its place in the engine's log, and the last line. */
const TAIL_BYTES = 16 * 1024;

/** One session's writer; disposing it lets a write that is under way finish. */
export class LeaseWriter implements AsyncDisposable {
  readonly #over = new AbortController();
  readonly #kept: Promise<void>;

  constructor(
    private readonly session: Session,
    private readonly lease: Lease,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.#kept = this.#keep();
  }

  /** Writes once more, with all the output that a viewer could ask for, and nothing after that. */
  async finish(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await this.#write(Infinity, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { session, session: { output } } = this;
    const { signal } = this.#over;
    let told = false;
    while (!signal.aborted && !output.closed) {
      const { end } = output;
      const writtenMs = this.clock.now();
      const isOld = () => output.end > end || session.idleMs < this.clock.now() - writtenMs;
      try {
        await this.#write(TAIL_BYTES, false);
      } catch (error) {
        const whose = { session: session.id, error };
        if (!told) this.log.warning("a session would not outlive a crash: its lease is old", whose);
        told = true;
      }
      await sleep(SAVE_MS, this.clock, signal);
      while (!isOld() && !output.closed && !signal.aborted) {
        await abortable(output.changed, signal).catch(() => {});
      }
    }
  }

  #write(maxBytes: number, left: boolean): Promise<void> {
    const { user, profile, startedAt, idleMs, output, greetingBytes, inputBytes, viewers, lasts } =
      this.session;
    return this.lease.write({
      user,
      profile,
      startedAt: startedAt.getTime(),
      activeAt: Date.now() - Math.round(idleMs),
      output: output.tail(maxBytes),
      greetingBytes,
      inputBytes,
      viewers,
      keptMs: lasts.keptMs,
      left,
    });
  }
}
