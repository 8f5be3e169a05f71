/** A container's terminal in Docker: a connection for its output and one for its input. */
import type { Docker } from "deno-docker-api";
import type { ShellStream } from "./engine.ts";

type Containers = Docker["containers"];
type Stream = Awaited<ReturnType<Containers["attach"]>>;

/**
 * The Engine drops the input it has not passed on yet when it cannot write output to the same
 * connection any more; one that has input only it empties to the end. So what was written once
 * arrives, also when the gateway goes at that moment.
 */
export class DockerTerminal implements ShellStream {
  private constructor(private readonly output: Stream, private readonly input: Stream) {}

  /** @throws {DockerError} when the Engine refuses, or the connection is lost */
  static async attach(
    containers: Containers,
    container: string,
    signal: AbortSignal,
  ): Promise<DockerTerminal> {
    await using made = new AsyncDisposableStack();
    const attach = (side: "output" | "input") =>
      containers.attach(container, { side, detachKeys: "", signal }).then((one) => made.use(one));
    const both = [attach("output"), attach("input")] as const;
    await Promise.allSettled(both);
    const terminal = new DockerTerminal(await both[0], await both[1]);
    made.move();
    return terminal;
  }

  read(maxBytes: number): Promise<Uint8Array | null> {
    return this.output.read(maxBytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.input.write(bytes);
  }

  get writtenBytes(): number {
    return this.input.writtenBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.output.close(), this.input.close()]);
  }
}
