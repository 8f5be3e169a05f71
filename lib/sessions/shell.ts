/** A running container with its terminal attached: from nothing to the moment before its prompt. */
import type { Clock, Profile, StartProgress, StartStages, Winsize } from "../types.ts";
import type { ContainerIdentity, Engine, ShellStream } from "./engine.ts";

/** A started shell; disposing it closes the stream and removes the container. */
export interface Shell extends AsyncDisposable {
  readonly container: string;
  readonly stream: ShellStream;
  /** Resolves with the exit status of the shell, or rejects when the engine cannot tell. */
  readonly exitCode: Promise<number>;
  readonly stages: Omit<StartStages, "prompt">;
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
  const life = new AbortController();
  made.defer(() => life.abort());

  let lapMs = clock.now();
  const lap = () => -lapMs + (lapMs = clock.now());

  progress({ stage: "create" });
  const container = await engine.create(identity, profile, { winsize, progress, signal });
  made.defer(() => engine.end(container));
  const create = lap();

  const [{ code: exitCode }, stream] = await both(
    // Whoever asks for the exit status hears of it; nobody may ask.
    engine.watchExit(container, life.signal).then((watch) => (watch.code.catch(() => {}), watch)),
    engine.attach(container, signal).then((stream) => made.use(stream), (error) => {
      life.abort(); // nothing else would end the other
      throw error;
    }),
  );
  const attach = lap();

  progress({ stage: "start" });
  await engine.start(container, signal);
  // A shell that has already exited has no terminal left; its exit tells.
  await engine.resize(container, winsize, signal).catch(() => signal.throwIfAborted());
  const start = lap();

  const resources = made.move();
  return {
    container,
    stream,
    exitCode,
    stages: { create, attach, start },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Waits for two things side by side; when one fails, still for the other, so that nothing is lost. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
