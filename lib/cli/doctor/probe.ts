/** A container like a session's, in which the doctor runs its measurements. */
import type { ContainerInspect, Docker, HijackedStream } from "deno-docker-api";
import { withDeadline } from "../../sessions/docker_calls.ts";
import type { DockerEngine } from "../../sessions/docker_engine.ts";
import type { Profile, StartProgress } from "../../types.ts";

/** How long a probe lives when nobody removes it: longer than all measurements together. */
const LIFE_SECONDS = 180;
/** The most output that a measurement may have. */
const OUTPUT_BYTES = 256 * 1024;
/** Before each piece of output of a program without a terminal stands Docker's header. */
const HEADER_BYTES = 8;
const WINSIZE = { cols: 80, rows: 24 };

/** What a probe is made with. */
export interface ProbeParts {
  readonly docker: Docker;
  readonly engine: DockerEngine;
  readonly profile: Profile;
  readonly progress: (progress: StartProgress) => void;
  readonly signal: AbortSignal;
}

/** A running probe; disposing it removes its container. */
export class Probe implements AsyncDisposable {
  private constructor(private readonly parts: ProbeParts, readonly container: string) {}

  /**
   * Starts one from the very spec of a session, but for its command.
   *
   * @throws {EngineError} when it cannot be started; nothing is left of it then
   */
  static async start(parts: ProbeParts): Promise<Probe> {
    const { engine, profile, progress, signal } = parts;
    const identity = {
      session: `doctor-${crypto.randomUUID().slice(0, 8)}`,
      user: "",
      role: "probe",
      expires: Math.floor(Date.now() / 1000) + LIFE_SECONDS,
    } as const;
    const command = ["/bin/sh", "-c", `exec sleep ${LIFE_SECONDS}`];
    const container = await engine.create(identity, { ...profile, command }, {
      winsize: WINSIZE,
      progress,
      signal,
    });
    await using made = new AsyncDisposableStack();
    made.defer(() => engine.end(container));
    await engine.start(container, signal);
    made.move();
    return new Probe(parts, container);
  }

  /** Aborted when the doctor is interrupted. */
  get signal(): AbortSignal {
    return this.parts.signal;
  }

  /** Runs a shell script in it, as the container's user. */
  async run(script: string): Promise<ProbeProgram> {
    const { docker, signal } = this.parts;
    signal.throwIfAborted();
    const command = ["/bin/sh", "-c", script];
    const stream = await docker.containers.exec(this.container, command, {
      signal: withDeadline(signal),
    });
    return new ProbeProgram(stream, signal);
  }

  inspect(): Promise<ContainerInspect> {
    const { docker, signal } = this.parts;
    return docker.containers.inspect(this.container, { signal: withDeadline(signal) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.parts.engine.end(this.container);
  }
}

/** A script that runs; disposing it ends its standard input, and nobody reads it any more. */
class ProbeProgram implements AsyncDisposable {
  constructor(private readonly stream: HijackedStream, private readonly signal: AbortSignal) {}

  /**
   * What it says until that matches, until it ends, or until so many milliseconds are over.
   *
   * @throws the signal's reason, when the doctor is interrupted
   */
  async hear(pattern: RegExp, limitMs: number): Promise<string> {
    const limit = AbortSignal.any([this.signal, AbortSignal.timeout(limitMs)]);
    const hangUp = () => void this.stream.close();
    limit.addEventListener("abort", hangUp, { once: true });
    try {
      let bytes = new Uint8Array();
      let said = "";
      while (!pattern.test(said) && bytes.length < OUTPUT_BYTES) {
        const more = await this.stream.read();
        if (more === null) break;
        bytes = new Uint8Array([...bytes, ...more]);
        said = withoutHeaders(bytes);
      }
      this.signal.throwIfAborted();
      return said;
    } finally {
      limit.removeEventListener("abort", hangUp);
    }
  }

  /** Lets a script that waits for a line go on. */
  goOn(): Promise<void> {
    return this.stream.write(new TextEncoder().encode("\n"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream.close();
  }
}

/** Docker's stream format: a type, three zeros, the length in four bytes, the piece. */
function withoutHeaders(bytes: Uint8Array<ArrayBuffer>): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder();
  let said = "";
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const start = at + HEADER_BYTES;
    at = start + view.getUint32(at + 4);
    said += decoder.decode(bytes.subarray(start, at), { stream: true });
  }
  return said;
}
