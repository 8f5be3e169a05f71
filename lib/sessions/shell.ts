/** A running container with its terminal attached: from nothing to the moment before its prompt. */
import { concat } from "../bytes.ts";
import { modesAfter } from "../terminal/modes.ts";
import type { Clock, Profile, StartProgress, StartStages, Winsize } from "../types.ts";
import type { ContainerIdentity, Engine, Rejoined, ShellStream } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { withoutGreeting } from "./greeting.ts";
import { join, type Stretch } from "./merge.ts";

/** Further than any client can have come that saw the output, or sent the input, before. */
export const JUMP_BYTES = 1024 ** 4;

/** The connection to a running shell; disposing it leaves the shell alone. */
export interface Connection extends AsyncDisposable {
  readonly stream: ShellStream;
  /** Resolves with the exit status of the shell, or rejects when the engine cannot tell. */
  readonly exitCode: Promise<number>;
}

/** A started shell; disposing it closes its first connection and removes the container. */
export interface Shell extends AsyncDisposable {
  readonly container: string;
  readonly connection: Connection;
  readonly stages: Omit<StartStages, "prompt">;
}

/** A shell that was joined again, and its output until then. */
export interface RejoinedShell {
  readonly connection: Connection;
  readonly output: Stretch;
  /**
   * Whether some output may be missing; then its offsets lie past all that any client has, so that
   * each of them begins again.
   */
  readonly gap: boolean;
}

/** What a shell is started with. */
export interface ShellOptions {
  readonly winsize: Winsize;
  readonly progress: (progress: StartProgress) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Starts a shell in a container of its own. The order matters: an exit that is watched and a
 * stream that is attached before the start miss nothing.
 *
 * @throws {EngineError} when the engine fails; what was made by then is removed
 */
export async function startShell(
  engine: Engine,
  identity: ContainerIdentity,
  profile: Profile,
  { winsize, progress, signal, clock }: ShellOptions,
): Promise<Shell> {
  await using made = new AsyncDisposableStack();
  let lapMs = clock.now();
  const lap = () => -lapMs + (lapMs = clock.now());

  progress({ stage: "create" });
  const container = await engine.create(identity, profile, { winsize, progress, signal });
  made.defer(() => engine.end(container));
  const create = lap();

  const attached = connect(engine, container, () => engine.attach(container, signal));
  const connection = made.use(await attached);
  const attach = lap();

  progress({ stage: "start" });
  await engine.start(container, signal);
  // A shell that has already exited has no terminal left; its exit tells.
  await engine.resize(container, winsize, signal).catch(() => signal.throwIfAborted());
  const start = lap();

  const resources = made.move();
  return {
    container,
    connection,
    stages: { create, attach, start },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/**
 * Connects to a running shell again.
 *
 * @param known its output so far, and how much of that was a greeting
 * @throws {EngineError} also when the shell no longer runs
 */
export async function rejoinShell(
  engine: Engine,
  container: string,
  known: Stretch & { readonly greetingBytes: number },
  signal: AbortSignal,
): Promise<RejoinedShell> {
  let rejoined: Rejoined;
  const connection = await connect(engine, container, async () => {
    // It may have ended before its exit was watched; one that comes now is told.
    if (await engine.exitStatus(container, signal) !== null) {
      throw new EngineError("Cannot rejoin the shell: it has ended", { answer: "refused" });
    }
    rejoined = await engine.rejoin(container, signal);
    return rejoined.stream;
  });
  const { log, heard } = rejoined!;
  const { greeting, own } = withoutGreeting(known, known.greetingBytes);
  const joined = join(own, log, heard);
  if (joined?.sure) {
    const bytes = concat([greeting, joined.bytes]);
    const end = joined.end + known.greetingBytes;
    return {
      connection,
      output: { bytes, end, modes: modesAt(known, end - bytes.length) },
      gap: false,
    };
  }
  const { bytes } = joined ?? join({ bytes: new Uint8Array(), end: 0 }, log, heard)!;
  const end = known.end + JUMP_BYTES + bytes.length;
  return { connection, output: { bytes, end, modes: modesAt(known, known.end) }, gap: true };
}

/**
 * How output from an offset on finds the terminal. Of modes that change between that offset and a
 * later start of the known output this is a guess; they are right from that start on.
 */
function modesAt({ bytes, end, modes }: Stretch, offset: number): string {
  if (offset <= 0) return "";
  return modesAfter(modes, bytes.subarray(0, Math.max(0, offset - end + bytes.length)));
}

/** Watches the exit and attaches; when that fails, nothing is watched any more. */
async function connect(
  engine: Engine,
  container: string,
  attach: () => Promise<ShellStream>,
): Promise<Connection> {
  await using made = new AsyncDisposableStack();
  const life = new AbortController();
  made.defer(() => life.abort());
  const exitCode = engine.watchExit(container, life.signal);
  const stream = made.use(await attach());
  const resources = made.move();
  return { stream, exitCode, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
