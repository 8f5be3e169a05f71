/** Commands without a terminal: programs that Docker runs in a container beside what else runs there. */
import type { Docker } from "deno-docker-api";
import type { Profile } from "../types.ts";
import type { ContainerIdentity, Engine, ShellStream, UsageSample } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { noFiles } from "./files/no_files.ts";
import { machineContainer } from "./machine_spec.ts";
import { beginRun, type Run } from "./run.ts";
import type { ShellKind } from "./shell_kind.ts";

/** Before the ids of places in machines, which stand for those of containers. */
const PREFIX = "run-";

/** What is to run. */
export interface RunOrder {
  /** A container of Docker's, or a place in a machine. */
  readonly container: string;
  /** By whose id what is left of it is found again. */
  readonly session: string;
  readonly command: readonly string[];
  /** The user inside; "" for the image's own. */
  readonly user: string;
}

/** Runs commands. */
export interface Runs {
  /**
   * Begins one, in the folder where shells begin.
   *
   * @param signal governs the beginning only
   * @throws {EngineError} when it cannot be run
   */
  begin(order: RunOrder, signal: AbortSignal): Promise<Running>;
}

/** What each {@linkcode Run} does. */
export type Running = Pick<Run, keyof Run>;

/** A place in a machine: a session without a terminal, which ends when it is told to. */
interface Place {
  /** Of its machine. */
  readonly container: string;
  readonly over: PromiseWithResolvers<number>;
}

/** Sessions in machines that are there for one command each, and commands in these and in others. */
export class DockerRuns implements ShellKind, Runs {
  readonly files = noFiles("This session is a command without a terminal, which has no files.");
  readonly #docker: Docker;
  readonly #engine: Pick<Engine, "usage" | "writtenBytes">;
  readonly #places = new Map<string, Place>();

  constructor(docker: Docker, engine: Pick<Engine, "usage" | "writtenBytes">) {
    [this.#docker, this.#engine] = [docker, engine];
  }

  async begin({ container, session, command, user }: RunOrder, signal: AbortSignal): Promise<Run> {
    const machine = this.#places.get(container)?.container;
    return await beginRun(this.#docker, {
      container: machine ?? container,
      atHome: machine !== undefined, // where shells begin there
      ...{ session, command, user },
    }, signal);
  }

  makes({ machine, run }: Profile): boolean {
    return machine !== undefined && run === true;
  }

  has(container: string): boolean {
    return container.startsWith(PREFIX);
  }

  create({ session }: ContainerIdentity, { machine }: Profile): Promise<string> {
    const over = Promise.withResolvers<number>();
    over.promise.catch(() => {}); // nobody may be asking
    this.#places.set(PREFIX + session, { container: machineContainer(machine!), over });
    return Promise.resolve(PREFIX + session);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async attach(id: string): Promise<ShellStream> {
    return silent(this.#place(id).over.promise);
  }

  rejoin(): Promise<never> {
    return Promise.reject(gone());
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async exitCode(id: string): Promise<number> {
    return this.#place(id).over.promise;
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  end(id: string): Promise<void> {
    this.#places.get(id)?.over.reject(
      new EngineError("Cannot follow the command: it was ended", { answer: "missing" }),
    );
    this.#places.delete(id);
    return Promise.resolve();
  }

  writtenBytes(id: string, signal: AbortSignal): Promise<number> {
    return this.#engine.writtenBytes(this.#place(id).container, signal);
  }

  async usage(id: string, signal: AbortSignal): Promise<UsageSample | null> {
    return await this.#engine.usage(this.#place(id).container, signal);
  }

  #place(id: string): Place {
    const place = this.#places.get(id);
    if (place) return place;
    throw gone();
  }
}

function gone(): EngineError {
  const message = "Cannot reach the command in a machine: it ended with its agent";
  return new EngineError(message, { answer: "missing" });
}

/** What a terminal that is none says and hears: nothing, until it is over. */
function silent(over: Promise<unknown>): ShellStream {
  const closed = Promise.withResolvers<void>();
  return {
    writtenBytes: 0,
    read: async () => {
      await Promise.race([over, closed.promise]).catch(() => {});
      return null;
    },
    write: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(closed.resolve()),
  };
}
