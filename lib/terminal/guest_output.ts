/** A session's output as a guest has it: read from the ring at its own pace, while nobody waits for it. */
import { Credit } from "./credit.ts";
import { KEPT_BYTES, type Output } from "./output.ts";
import type { Skipped, Source } from "./source.ts";

/**
 * A guest that the output has left behind goes on near its end, with the modes that hold there, as
 * somebody does who comes back too late. It has credit of its own: what it does not acknowledge is
 * not sent, and holds up neither the program nor anybody else.
 */
export class GuestOutput implements Source {
  readonly #output: Output;
  readonly #credit = new Credit();
  #listener: (() => void) | null = null;
  /** Where it begins, and how the terminal is set there; "" where it has all that came before. */
  readonly from: number;
  readonly modes: string;

  /** @param offset up to where the guest has the output; one that is no such offset is none */
  constructor(output: Output, offset: number) {
    this.#output = output;
    const isKnown = offset >= output.start && offset <= output.end;
    this.from = isKnown ? offset : output.start;
    this.modes = isKnown ? "" : output.modesAt(this.from);
    this.#credit.restart(this.from);
  }

  get end(): number {
    return this.#output.end;
  }

  get closed(): boolean {
    return this.#output.closed;
  }

  /** It never waits for a guest. */
  get overruns(): boolean {
    return true;
  }

  listen(listener: () => void): Disposable {
    const watching = this.#output.watch(listener);
    this.#listener = listener;
    return {
      [Symbol.dispose]: () => {
        this.#listener = null;
        watching[Symbol.dispose]();
      },
    };
  }

  allowance(sent: number): number {
    return this.#credit.room(sent);
  }

  skips(sent: number): boolean {
    return sent < this.#output.start;
  }

  skip(sent: number): Skipped {
    const output = this.#output;
    const to = output.beginsNear(Math.max(output.start, output.end - KEPT_BYTES));
    this.#credit.skip(sent, to);
    // Also "": the client resets its terminal, as what came before is not known to it.
    return { to, modes: output.modesAt(to) };
  }

  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    return this.#output.peek(offset, maxBytes);
  }

  ack(offset: number, sent: number): void {
    this.#credit.ack(offset, sent);
    this.#listener?.();
  }

  /** What a guest interrupts goes by by itself. */
  interrupt(): boolean {
    return false;
  }

  settle(): number {
    return 0;
  }
}
