/** A terminal with a look at the end of its output, and when that came. */
import type { BenchTerminal, Target } from "./contenders/contender.ts";
import { openTerminal } from "./contenders/open.ts";

/** How much of the end is kept: what is looked for is short. */
const TAIL_BYTES = 512;
/** Nothing that is measured takes so long. */
const WAIT_MS = 120_000;

/** A shell's prompt at the end of the output. */
export const PROMPT = /[#$] $/;

interface Wish {
  readonly test: (tail: string) => boolean;
  readonly resolve: (at: number) => void;
}

export class Screen implements AsyncDisposable {
  readonly #decoder = new TextDecoder("latin1");
  #terminal: BenchTerminal | null = null;
  #tail = "";
  #wish: Wish | null = null;
  /** All output so far. */
  outputBytes = 0;

  private constructor() {}

  /** Opens a terminal; `promptAt` is when its first prompt was there, by `performance.now()`. */
  static async open(target: Target): Promise<{ screen: Screen; promptAt: number }> {
    const screen = new Screen();
    const prompt = screen.see(PROMPT);
    prompt.catch(() => {});
    screen.#terminal = await openTerminal(target, (bytes) => screen.#take(bytes));
    return { screen, promptAt: await prompt };
  }

  /** What was last seen. */
  get tail(): string {
    return this.#tail;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    return this.#terminal!.write(bytes);
  }

  type(text: string): void {
    void this.write(new TextEncoder().encode(text));
  }

  stall(what: "reading" | "acking"): void {
    this.#terminal!.stall(what);
  }

  /** Forgets what was seen, so that only what comes now matches. */
  forget(): void {
    this.#tail = "";
  }

  /** Waits until the end of the output matches; resolves with when it came. */
  async see(pattern: RegExp): Promise<number> {
    return await this.#until((tail) => pattern.test(tail), String(pattern));
  }

  /** Waits until the output ends so; resolves with when it came. */
  async seeEnd(text: string): Promise<number> {
    return await this.#until((tail) => tail.endsWith(text), JSON.stringify(text));
  }

  /** Waits until so much output has come. */
  async seeBytes(count: number): Promise<number> {
    return await this.#until(() => this.outputBytes >= count, `${count} bytes`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal?.close();
  }

  async #until(test: (tail: string) => boolean, what: string): Promise<number> {
    if (test(this.#tail)) return performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#wish = { test, resolve };
    const fail = () => reject(new Error(`no ${what} came; last: ${JSON.stringify(this.#tail)}`));
    const timer = setTimeout(fail, WAIT_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#wish = null;
    }
  }

  #take(bytes: Uint8Array): void {
    const at = performance.now();
    this.outputBytes += bytes.length;
    const end = this.#decoder.decode(bytes.subarray(-TAIL_BYTES));
    this.#tail = end.length >= TAIL_BYTES ? end : (this.#tail + end).slice(-TAIL_BYTES);
    if (this.#wish?.test(this.#tail)) this.#wish.resolve(at);
  }
}
