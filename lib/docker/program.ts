/** A further program in a running container: its input, its output, its exit status. */
import { Buffer } from "node:buffer";
import type { HijackedStream } from "./hijack.ts";
import { Pieces } from "./pieces.ts";

/** How much is kept of what it says on standard error. */
export const ERROR_BYTES = 4 * 1024;

/**
 * Runs until it ends or is closed. The end of the connection, also by the death of this process, is
 * the end of its input; it is no signal, and a program that does not read goes on without it.
 */
export class Program implements AsyncDisposable {
  readonly #stream: HijackedStream;
  readonly #ask: () => Promise<number>;
  readonly #pieces = new Pieces();
  #errors: Uint8Array[] = [];
  #errorBytes = 0;

  /** @param ask for its exit status, once its output has ended */
  constructor(stream: HijackedStream, ask: () => Promise<number>) {
    [this.#stream, this.#ask] = [stream, ask];
  }

  /** The next of its standard output, a copy; null at the end of all output. One read at a time. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (true) {
      const bytes = await this.#stream.read();
      if (bytes === null) return null;
      const output = this.#take(bytes);
      if (output.length > 0) return output;
    }
  }

  /** What it has said on standard error until now, at most {@linkcode ERROR_BYTES}. */
  get errors(): string {
    return new TextDecoder().decode(Buffer.concat(this.#errors));
  }

  /** As of a {@linkcode HijackedStream}. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes);
  }

  /** Ends its input. */
  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  /** Its exit status, after the end of its output. @throws {DockerError} also when it still runs */
  exitCode(): Promise<number> {
    return this.#ask();
  }

  /** Ends its input and reads no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
  }

  /** @returns what of it is standard output */
  #take(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const output: Uint8Array[] = [];
    for (const piece of this.#pieces.take(bytes)) {
      if (piece.isError) this.#keep(piece.bytes);
      else output.push(piece.bytes);
    }
    return Buffer.concat(output);
  }

  #keep(piece: Uint8Array): void {
    const kept = Uint8Array.from(piece.subarray(0, ERROR_BYTES - this.#errorBytes));
    this.#errorBytes += kept.length;
    if (kept.length > 0) this.#errors.push(kept);
  }
}
