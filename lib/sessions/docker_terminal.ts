/** A container's terminal in Docker: a connection for its output and, as a rule, one for its input. */
import type { Docker } from "deno-docker-api";
import { detachKeysFor, passes } from "./detach_keys.ts";
import { withDeadline } from "./docker_calls.ts";
import type { ShellStream } from "./engine.ts";

type Containers = Docker["containers"];
type Stream = Awaited<ReturnType<Containers["attach"]>>;

/** How often input gets another connection at most: each costs the Engine some work. */
const RENEW_EVERY_MS = 25;

/** How a terminal is joined. */
export interface AttachOptions {
  /** Whether the engine gives input and output on one connection only. */
  readonly joint: boolean;
  /** Governs the joining. */
  readonly signal: AbortSignal;
}

/**
 * The Engine drops the input it has not passed on yet when it cannot write output to the same
 * connection any more; one that has input only it empties to the end. So what was written once
 * arrives, also when the gateway goes at that moment; where there is one connection only, the last
 * keys before a crash may not.
 */
export class DockerTerminal implements ShellStream {
  /** Of the connections before this one. */
  #writtenBefore = 0;
  #renewedMs = -Infinity;
  readonly #over = new AbortController();

  private constructor(
    private readonly attach: (keys: Uint8Array, signal: AbortSignal) => Promise<Stream>,
    private readonly output: Stream,
    private input: Stream,
    /** Null where there are none. */
    private keys: Uint8Array | null,
  ) {}

  /** @throws {DockerError} when the Engine refuses, or the connection is lost */
  static async attach(
    containers: Containers,
    container: string,
    { joint, signal }: AttachOptions,
  ): Promise<DockerTerminal> {
    if (joint) {
      const stream = await containers.attach(container, { detachKeys: "", signal });
      return new DockerTerminal(() => Promise.reject(), stream, stream, null);
    }
    await using made = new AsyncDisposableStack();
    const keys = detachKeysFor(new Uint8Array())!;
    const attach = (side: "output" | "input", detachKeys: Uint8Array, signal: AbortSignal) =>
      containers.attach(container, { side, detachKeys, signal });
    const attachInput = attach.bind(null, "input");
    const both = [attach("output", keys, signal), attachInput(keys, signal)] as const;
    for (const one of both) one.then((stream) => made.use(stream), () => {});
    await Promise.allSettled(both);
    const terminal = new DockerTerminal(attachInput, await both[0], await both[1], keys);
    made.move();
    return terminal;
  }

  read(maxBytes: number): Promise<Uint8Array | null> {
    return this.output.read(maxBytes);
  }

  /** One write at a time. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.keys !== null && !passes(bytes, this.keys)) {
      const keys = detachKeysFor(bytes);
      if (keys === null) {
        const half = bytes.length >> 1;
        await this.write(bytes.subarray(0, half));
        return await this.write(bytes.subarray(half));
      }
      await this.#renewInput(keys);
    }
    await this.input.write(bytes);
  }

  get writtenBytes(): number {
    return this.#writtenBefore + this.input.writtenBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all([this.output.close(), this.input.close()]);
  }

  /** Goes on with another connection for input, once the Engine has passed on all of the last one's. */
  async #renewInput(keys: Uint8Array): Promise<void> {
    const last = this.input;
    const pauseMs = this.#renewedMs + RENEW_EVERY_MS - performance.now();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await last.closeWrite();
    while (await last.read() !== null) { /* it has no output; its end says that it is empty */ }
    this.#over.signal.throwIfAborted();
    const next = await this.attach(keys, withDeadline(this.#over.signal));
    await last.close();
    this.#writtenBefore += last.writtenBytes;
    this.input = next;
    this.keys = keys;
    this.#renewedMs = performance.now();
    if (this.#over.signal.aborted) await next.close();
  }
}
