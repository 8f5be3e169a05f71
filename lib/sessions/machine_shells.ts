/** Further shells in named machines: programs with a terminal that Docker lets nobody join again. */
import type { Docker, HijackedStream } from "deno-docker-api";
import type { Profile, Winsize } from "../types.ts";
import { asEngineError, withDeadline } from "./docker_calls.ts";
import type { ContainerIdentity, Engine, ShellStream, UsageSample } from "./engine.ts";
import { EngineError, whereItIsOver } from "./errors.ts";
import type { Files } from "./files/files.ts";
import { filesOf } from "./files/files_of.ts";
import { endShells, folderOf, MARK } from "./machine_scripts.ts";
import { machineContainer } from "./machine_spec.ts";
import type { ShellKind } from "./shell_kind.ts";

/** Before the ids of its shells, which stand for those of containers. */
const PREFIX = "exec-";

/**
 * The Engine holds a lone first key back until the next one, and takes no bytes here that UTF-8 has
 * not: it is one that is hardly ever typed. The rest nobody types key by key.
 */
const DETACH_KEYS = `ctrl-^,${[..."KZQXJVWPGBYF"].join(",")}`;

/** Sets the size before anything looks at it, and gives its place to the command. */
const BEGIN = 'stty rows "$1" cols "$2" 2>/dev/null; shift 2; exec "$@"';

interface MachineShell {
  readonly exec: string;
  readonly session: string;
  /** Of its machine. */
  readonly container: string;
  readonly exit: PromiseWithResolvers<number>;
  stream: HijackedStream | null;
}

export class MachineShells implements ShellKind {
  readonly files: Files;
  readonly #docker: Docker;
  readonly #engine: Pick<Engine, "usage" | "writtenBytes">;
  readonly #shells = new Map<string, MachineShell>();

  constructor(docker: Docker, engine: Pick<Engine, "files" | "usage" | "writtenBytes">) {
    [this.#docker, this.#engine] = [docker, engine];
    this.files = filesOf(engine.files, {
      of: (id) => this.#shell(id).container,
      folder: (id, signal) => {
        const { container, session } = this.#shell(id);
        return folderOf(docker, container, { session, place: "beside", signal });
      },
    });
  }

  makes({ machine }: Profile): boolean {
    return machine !== undefined;
  }

  has(container: string): boolean {
    return container.startsWith(PREFIX);
  }

  async create(
    { session }: ContainerIdentity,
    { machine, command, user }: Profile,
    { rows, cols }: Winsize,
  ): Promise<string> {
    const container = machineContainer(machine!);
    const size = [String(rows), String(cols)];
    const exec = await asEngineError(
      this.#docker.execs.create(container, {
        Cmd: ["/bin/sh", "-c", `cd; ${BEGIN}`, "sh", ...size, ...command],
        Env: [MARK + session],
        Tty: true,
        DetachKeys: DETACH_KEYS,
        ...(user !== "" && { User: user }),
      }, { signal: withDeadline() }),
    );
    const exit = Promise.withResolvers<number>();
    exit.promise.catch(() => {}); // nobody may be asking
    this.#shells.set(PREFIX + session, { exec, session, container, exit, stream: null });
    return PREFIX + session;
  }

  /** Runs it: until then it prints nothing. */
  async attach(id: string, signal: AbortSignal): Promise<ShellStream> {
    const shell = this.#shell(id);
    const options = { container: shell.container, tty: true, signal: withDeadline(signal) };
    shell.stream = await asEngineError(this.#docker.execs.start(shell.exec, options));
    return new MachineStream(shell.stream, () => this.#ended(shell));
  }

  rejoin(): Promise<never> {
    return Promise.reject(new EngineError("Cannot join the shell again", MISSING));
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async exitCode(id: string): Promise<number> {
    return this.#shell(id).exit.promise;
  }

  resize(id: string, winsize: Winsize, signal: AbortSignal): Promise<void> {
    return asEngineError(async () => {
      const { exec } = this.#shell(id);
      await this.#docker.execs.resize(exec, winsize, { signal: withDeadline(signal) });
    });
  }

  async end(id: string): Promise<void> {
    const shell = this.#shells.get(id);
    if (shell === undefined) return;
    try {
      const { execs } = this.#docker;
      const { Running } = await asEngineError(
        execs.inspect(shell.exec, { signal: withDeadline() }),
      );
      if (Running) await endShells(this.#docker, shell.container, shell.session);
    } catch (error) {
      whereItIsOver(error);
    } finally {
      await shell.stream?.close();
      shell.exit.reject(new EngineError("Cannot follow the shell: it was ended", MISSING));
      this.#shells.delete(id);
    }
  }

  writtenBytes(id: string, signal: AbortSignal): Promise<number> {
    return this.#engine.writtenBytes(this.#shell(id).container, signal);
  }

  async usage(id: string, signal: AbortSignal): Promise<UsageSample | null> {
    return await this.#engine.usage(this.#shell(id).container, signal);
  }

  async #ended({ exec, exit }: MachineShell): Promise<void> {
    try {
      const status = await this.#docker.execs.exitCode(exec, { signal: withDeadline() });
      if (status === null) throw new Error("the line to it broke");
      exit.resolve(status);
    } catch (cause) {
      exit.reject(new EngineError("Cannot reach the shell of a machine", { ...MISSING, cause }));
    }
  }

  #shell(id: string): MachineShell {
    const shell = this.#shells.get(id);
    if (shell) return shell;
    throw new EngineError("Cannot reach the shell of a machine: it ended with its agent", MISSING);
  }
}

const MISSING = { answer: "missing" } as const;

/** Its terminal; how it exits is asked for at the end of its output. */
class MachineStream implements ShellStream {
  #phase: "open" | "over" = "open";

  constructor(private readonly stream: HijackedStream, private readonly onEnd: () => void) {}

  async read(maxBytes: number): Promise<Uint8Array | null> {
    const bytes = await this.stream.read(maxBytes).catch(() => null);
    if (bytes === null && this.#phase === "open") {
      this.#phase = "over";
      this.onEnd();
    }
    return bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.stream.write(bytes);
  }

  get writtenBytes(): number {
    return this.stream.writtenBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream.close();
  }
}
