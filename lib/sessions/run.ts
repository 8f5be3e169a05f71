/** One command without a terminal: its two outputs, its input, its signals, its end. */
import { type Docker, type HijackedStream, type Piece, Pieces } from "deno-docker-api";
import { concat } from "../bytes.ts";
import { asEngineError, withDeadline } from "./docker_calls.ts";
import { EngineError, whereItIsOver } from "./errors.ts";
import { endSession, endShells, MARK, signalGroup } from "./machine_scripts.ts";

/** Says by which pid it is found, and gives its place to the command. */
const BEGIN = 'echo "$$"; exec "$@"', BEGIN_AT_HOME = `cd; ${BEGIN}`;
/** The longest first line, which has the pid. */
const LINE_BYTES = 32;
/** The most that is told of what stands in its place. */
const SAID_BYTES = 300;
const LF = 10;

/** How it begins. */
export interface RunSpec {
  readonly container: string;
  /** Whether it begins in its user's home, not in the container's own folder. */
  readonly atHome: boolean;
  /** By whose id it is found again. */
  readonly session: string;
  readonly command: readonly string[];
  readonly user: string;
}

/** @throws {EngineError} */
export async function beginRun(docker: Docker, spec: RunSpec, signal: AbortSignal): Promise<Run> {
  const { container, atHome, session, command, user } = spec;
  return await asEngineError(async () => {
    await using made = new AsyncDisposableStack();
    const exec = await docker.execs.create(container, {
      Cmd: ["/bin/sh", "-c", atHome ? BEGIN_AT_HOME : BEGIN, "sh", ...command],
      Env: [MARK + session],
      ...(user !== "" && { User: user }),
    }, { signal: withDeadline(signal) });
    const options = { container, signal: withDeadline(signal) };
    // Of one that is not waited for until its pid is known.
    made.defer(() => endShells(docker, container, session).catch(() => {}));
    const stream = made.use(await docker.execs.start(exec, options));
    const stop = () => void stream.close();
    signal.addEventListener("abort", stop, { once: true });
    made.defer(() => signal.removeEventListener("abort", stop));
    const pieces = new Pieces();
    const { pid, rest } = await readPid(stream, pieces);
    signal.throwIfAborted();
    signal.removeEventListener("abort", stop);
    made.move();
    return new Run({ docker, container, exec, stream, pieces, pid }, rest);
  });
}

/** What it says first, and what came behind that. @throws {EngineError} */
async function readPid(
  stream: HijackedStream,
  pieces: Pieces,
): Promise<{ readonly pid: number; readonly rest: readonly Piece[] }> {
  let said = new Uint8Array();
  const rest: Piece[] = [];
  for (let bytes; said.length < LINE_BYTES && (bytes = await stream.read()) !== null;) {
    for (const piece of pieces.take(bytes.slice())) {
      if (piece.isError || said.includes(LF)) rest.push(piece);
      else said = concat([said, piece.bytes]);
    }
    if (said.includes(LF)) break;
  }
  const line = new TextDecoder().decode(said.subarray(0, SAID_BYTES));
  const [, pid] = /^(\d+)\n/.exec(line) ?? [];
  if (pid === undefined) {
    const why = line.trim() || "it ended at once";
    throw new EngineError(`Cannot run a command in the container: ${why}`, { answer: "refused" });
  }
  const behind = said.subarray(said.indexOf(LF) + 1);
  return {
    pid: Number(pid),
    rest: [...behind.length > 0 ? [{ isError: false, bytes: behind }] : [], ...rest],
  };
}

interface RunParts {
  readonly docker: Docker;
  readonly container: string;
  readonly exec: string;
  readonly stream: HijackedStream;
  readonly pieces: Pieces;
  /** In the container; it leads a session (setsid(2)) and a process group. */
  readonly pid: number;
}

/**
 * Disposing it before it has ended ends all that it began, but for what has made a session of its own
 * (setsid(2)).
 */
export class Run implements AsyncDisposable {
  readonly #parts: RunParts;
  #early: readonly Piece[];
  /** ended: what it has left to run on is not ended with it. */
  #phase: "running" | "ended" = "running";

  constructor(parts: RunParts, early: readonly Piece[]) {
    [this.#parts, this.#early] = [parts, early];
  }

  /**
   * What it says next, good until the next read; null at the end of all output. One read at a time.
   * It waits for as long as nobody reads.
   */
  async read(maxBytes: number): Promise<readonly Piece[] | null> {
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) return early;
    const { stream, pieces } = this.#parts;
    const bytes = await stream.read(maxBytes).catch(() => null);
    return bytes && pieces.take(bytes);
  }

  /** Resolves once it, or the pipe to it, has taken all; rejects when it takes nothing more. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#parts.stream.write(bytes);
  }

  /** Ends its input. */
  async closeWrite(): Promise<void> {
    await this.#parts.stream.closeWrite().catch(() => {}); // it has ended
  }

  /** Sends a signal, by its name without SIG, to its process group. @throws {EngineError} */
  async signal(name: string): Promise<void> {
    const { docker, container, pid } = this.#parts;
    if (this.#phase === "running") await signalGroup(docker, container, pid, name);
  }

  /** Its exit status, after the end of its output. @throws {EngineError} */
  async exitCode(): Promise<number> {
    const { docker, exec } = this.#parts;
    const status = await asEngineError(docker.execs.exitCode(exec, { signal: withDeadline() }));
    if (status !== null) {
      this.#phase = "ended";
      return status;
    }
    throw new EngineError("Cannot follow a command: the line to it broke", { answer: "none" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { docker, container, pid, stream } = this.#parts;
    // First: what the Engine cannot get rid of holds up what it says of the container's other programs.
    await stream.close();
    if (this.#phase === "ended") return;
    await endSession(docker, container, pid).catch(whereItIsOver);
  }
}
