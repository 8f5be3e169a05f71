/** Carries keystrokes one way and output the other, between a client and a shell. */
import type { Clock, Winsize } from "../types.ts";
import { decodeClientFrame, encodeEvent } from "../protocol/frame.ts";
import { isInterrupt } from "./interrupt.ts";
import { Liveness } from "./liveness.ts";
import { Sender } from "./sender.ts";
import type { Source } from "./source.ts";

/**
 * Input kept while the shell takes none, before the client is made to wait. It must hold a large
 * paste: acknowledgements come behind it, and the shell may wait for those to print its echo.
 */
const INPUT_BYTES = 1024 * 1024;
/** What each message adds to its own bytes, so that many small ones fill the queue, too. */
const INPUT_OVERHEAD_BYTES = 256;

/** Input that waits for the shell and is dropped by an interrupt: so much was pasted, not typed. */
const PASTED_BYTES = 64 * 1024;

/** Why input was dropped that the person interrupted. */
export const INTERRUPTED = Symbol("interrupted");

/** The client's side: {@linkcode TerminalSocket}, or a script in a test. */
export interface ClientSide extends AsyncIterable<Uint8Array> {
  /** Resolves when the message has left: its bytes may change then. */
  send(message: Uint8Array): Promise<void>;
}

/** The shell's side. */
export interface ShellSide {
  readonly output: Source;
  /**
   * Passes input on, in the order of the calls; resolves when the shell's terminal has taken it.
   * What still waits for its turn when the signal is aborted is dropped: for good with the reason
   * `INTERRUPTED`, else so that a client which comes back sends it again.
   */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  resize(winsize: Winsize): void;
  /** The person wants the session kept. */
  keep(): void;
  /** And for so long while nobody is there. */
  detach(forMs: number): void;
  /** How much input it has dealt with. */
  readonly inputBytes: number;
}

/** How a bridge came to its end. */
export type BridgeEnd =
  /** All output has been sent, and no more will come. */
  | "finished"
  /** The client's connection ended. */
  | "left"
  /** The signal was aborted. */
  | "aborted";

/**
 * Pumps both ways, from an output offset on, until either side ends or the signal is aborted.
 *
 * @throws {FrameError} when the client breaks the protocol
 */
export async function bridge(
  client: ClientSide,
  shell: ShellSide,
  { from, signal, clock }: { from: number; signal: AbortSignal; clock: Clock },
): Promise<BridgeEnd> {
  using sender = new Sender((message) => client.send(message), shell.output, { from, clock });
  using input = new Input(shell);
  const alive = () => client.send(encodeEvent({ type: "alive", input: shell.inputBytes }));
  using liveness = new Liveness(alive, clock);
  const finished = sender.end.then(() => "finished" as const);
  const aborted = Promise.withResolvers<BridgeEnd>();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  stop.addEventListener("abort", () => {
    input[Symbol.dispose](); // at once: who comes next is told what the shell got
    aborted.resolve("aborted");
  }, { once: true });
  if (stop.aborted) return "aborted";

  /** Passes input on; resolves when there is room for more. */
  function takeInput(bytes: Uint8Array): Promise<void> | undefined {
    const interrupts = isInterrupt(bytes);
    if (interrupts) input.drop();
    const room = input.take(bytes);
    sender.typed(interrupts);
    return room;
  }

  async function pumpInput(): Promise<BridgeEnd> {
    for await (const message of client) {
      if (stop.aborted) break; // a message that came with the end must not count
      const frame = decodeClientFrame(message);
      switch (frame.type) {
        case "input":
          if (frame.bytes.length === 0) liveness.say();
          else await liveness.sayWhile(takeInput(frame.bytes));
          break;
        case "resize":
          // Zero means "unknown" to a terminal (tty_ioctl(4)), and nothing to a shell.
          if (frame.winsize.cols > 0 && frame.winsize.rows > 0) shell.resize(frame.winsize);
          break;
        case "ack":
          sender.ack(frame.offset);
          break;
        case "keep":
          shell.keep();
          break;
        case "detach":
          shell.detach(frame.seconds * 1000);
          break;
        default:
          frame satisfies never;
      }
    }
    return "left";
  }

  try {
    return await Promise.race([finished, pumpInput(), aborted.promise]);
  } finally {
    over.abort();
  }
}

/** Input on its way to the shell. */
class Input implements Disposable {
  readonly #shell: ShellSide;
  #waitingBytes = 0;
  #waitingMessages = 0;
  #dropped = new AbortController();
  #taken = Promise.withResolvers<void>();

  constructor(shell: ShellSide) {
    this.#shell = shell;
  }

  /** Passes a message on; the promise, if there is one, resolves when more may come. */
  take(bytes: Uint8Array): Promise<void> | undefined {
    this.#waitingBytes += bytes.length;
    this.#waitingMessages++;
    const settled = () => {
      this.#waitingBytes -= bytes.length;
      this.#waitingMessages--;
      if (!this.#full) this.#taken.resolve();
    };
    this.#shell.write(bytes, this.#dropped.signal).then(settled, settled);
    if (!this.#full) return;
    this.#taken = Promise.withResolvers();
    return this.#taken.promise;
  }

  /**
   * Drops a paste that waits for the shell, as a terminal drops what its program has not read
   * (NOFLSH, termios(3)). What the container's side holds already cannot be overtaken.
   */
  drop(): void {
    if (this.#waitingBytes < PASTED_BYTES) return;
    this.#dropped.abort(INTERRUPTED);
    this.#dropped = new AbortController();
  }

  get #full(): boolean {
    return this.#waitingBytes + this.#waitingMessages * INPUT_OVERHEAD_BYTES >= INPUT_BYTES;
  }

  [Symbol.dispose](): void {
    this.#dropped.abort();
  }
}
