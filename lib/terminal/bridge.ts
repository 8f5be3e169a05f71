/** Carries keystrokes one way and output the other, between a client and a shell. */
import { abortable } from "@std/async/abortable";
import type { Clock, Winsize } from "../types.ts";
import { decodeClientFrame, encodeOutput, PAYLOAD_BYTES } from "./frame.ts";
import type { Output } from "./output.ts";

/**
 * Input kept while the shell takes none, before the client is made to wait. It must hold a large
 * paste: acknowledgements come behind it, and the shell may wait for those to print its echo.
 */
const INPUT_BYTES = 1024 * 1024;
/** What each message adds to its own bytes, so that many small ones fill the queue, too. */
const INPUT_OVERHEAD_BYTES = 256;

/** How long a client may stay silent about output it was sent. */
const SILENCE_MS = 30_000;

/** The client's side: {@linkcode TerminalSocket}, or a script in a test. */
export interface ClientSide extends AsyncIterable<Uint8Array> {
  send(message: Uint8Array): Promise<void>;
}

/** The shell's side. */
export interface ShellSide {
  readonly output: Output;
  /** Passes input on, in the order of the calls; resolves when the shell's terminal has taken it. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  resize(winsize: Winsize): void;
}

/** How a bridge came to its end. */
export type BridgeEnd =
  /** All output has been sent, and no more will come. */
  | "finished"
  /** The client's connection ended. */
  | "left"
  /** The client did not acknowledge its output. */
  | "silent"
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
  const { output } = shell;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  using silence = new Silence(clock, () => over.abort("silent" satisfies BridgeEnd));
  let sent = from;

  async function pumpOutput(): Promise<BridgeEnd> {
    while (await output.after(sent, stop)) {
      const bytes = output.peek(sent, PAYLOAD_BYTES);
      sent += bytes.length;
      silence.expect();
      await abortable(client.send(encodeOutput(bytes)), stop);
    }
    return "finished";
  }

  let waitingBytes = 0;
  let taken = Promise.withResolvers<void>();
  async function takeInput(bytes: Uint8Array): Promise<void> {
    const cost = bytes.length + INPUT_OVERHEAD_BYTES;
    waitingBytes += cost;
    const settled = () => {
      waitingBytes -= cost;
      taken.resolve();
      taken = Promise.withResolvers();
    };
    shell.write(bytes, stop).then(settled, settled);
    while (waitingBytes >= INPUT_BYTES) await abortable(taken.promise, stop);
  }

  async function pumpInput(): Promise<BridgeEnd> {
    const messages = client[Symbol.asyncIterator]();
    while (true) {
      const { done, value } = await abortable(messages.next(), stop);
      stop.throwIfAborted(); // a message that came with the end must not count
      if (done) return "left";
      const frame = decodeClientFrame(value);
      switch (frame.type) {
        case "input":
          if (frame.bytes.length > 0) await takeInput(frame.bytes);
          break;
        case "resize":
          // Zero means "unknown" to a terminal (tty_ioctl(4)), and nothing to a shell.
          if (frame.winsize.cols > 0 && frame.winsize.rows > 0) shell.resize(frame.winsize);
          break;
        case "ack": {
          const before = output.acked;
          output.ack(frame.offset, sent);
          if (output.acked === sent) silence.end();
          else if (output.acked > before) silence.renew();
          break;
        }
        default:
          frame satisfies never;
      }
    }
  }

  const pumps = [pumpOutput(), pumpInput()];
  try {
    return await Promise.race(pumps);
  } catch (error) {
    if (signal.aborted) return "aborted";
    if (over.signal.aborted) return over.signal.reason;
    throw error;
  } finally {
    over.abort("left" satisfies BridgeEnd);
    await Promise.allSettled(pumps);
  }
}

/** Calls back when an acknowledgement that is due does not come. */
class Silence implements Disposable {
  #timer: Disposable | null = null;

  constructor(private readonly clock: Clock, private readonly onSilence: () => void) {}

  /** Something was sent that must be acknowledged. */
  expect(): void {
    this.#timer ??= this.clock.timer(SILENCE_MS, this.onSilence);
  }

  /** Part of it was acknowledged. */
  renew(): void {
    this.end();
    this.expect();
  }

  /** All of it was acknowledged. */
  end(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
