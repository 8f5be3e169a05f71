/** First shells in named machines: in the terminal of a machine's main process, which outlives agents. */
import type { Docker } from "deno-docker-api";
import { whenAborted } from "../clock.ts";
import { concat } from "../bytes.ts";
import type { Profile, Winsize } from "../types.ts";
import { withDeadline } from "./docker_calls.ts";
import type { ContainerIdentity, Engine, Rejoined, ShellStream } from "./engine.ts";
import { EngineError, whereItIsOver } from "./errors.ts";
import type { Files } from "./files/files.ts";
import { filesOf } from "./files/files_of.ts";
import { beginLine, EndMark, sinceBegin } from "./machine_marks.ts";
import { endInMain, folderOf, isInMain } from "./machine_scripts.ts";
import { machineContainer, mainShell, ofMainShell } from "./machine_spec.ts";
import type { ShellKind } from "./shell_kind.ts";

/** How long the main process may take to begin a shell. */
const BEGIN_MS = 10_000;
/** The most that a main process prints before. */
const BEFORE_BYTES = 64 * 1024;
const READ_BYTES = 16 * 1024;
const MISSING = { answer: "missing" } as const;

/** Who has the terminal of a machine's main process: a session, nobody, or that is not known yet. */
type Holder = { readonly session: string } | "nobody" | "unknown";

interface Main {
  /** What it begins. */
  readonly command: string;
  holder: Holder;
}

interface MainShell {
  readonly winsize: Winsize | null;
  readonly exit: PromiseWithResolvers<number>;
  stream: MainStream | null;
}

type Parts =
  & Pick<Engine, "attach" | "rejoin" | "resize" | "files">
  & Pick<Engine, "usage" | "writtenBytes">;

/** One at a time in each machine; another one is a program beside it ({@linkcode MachineShells}). */
export class MainShells implements ShellKind {
  readonly files: Files;
  readonly #docker: Docker;
  readonly #engine: Parts;
  /** By the ids of machines. */
  readonly #mains = new Map<string, Main>();
  readonly #shells = new Map<string, MainShell>();

  constructor(docker: Docker, engine: Parts) {
    [this.#docker, this.#engine] = [docker, engine];
    const folder = (id: string, signal: AbortSignal) => {
      const { session } = ofMainShell(id)!;
      return folderOf(docker, containerOf(id), { session, place: "main", signal });
    };
    this.files = filesOf(engine.files, { of: containerOf, folder });
  }

  /** A machine runs; where it has just begun to, nobody has its terminal. */
  runs(machine: string, { command }: Profile, ran: boolean): void {
    const known = this.#mains.get(machine);
    const holder = ran ? known?.holder ?? "unknown" : "nobody";
    this.#mains.set(machine, { command: JSON.stringify(command), holder });
  }

  /** Finds out whether a shell that an agent before this one began has the terminal of a machine. */
  async inherit(machine: string): Promise<void> {
    const main = this.#mains.get(machine);
    const isHeld = await isInMain(this.#docker, machineContainer(machine));
    if (main?.holder === "unknown" && !isHeld) main.holder = "nobody";
  }

  /** The machine is gone. */
  forget(machine: string): void {
    this.#mains.delete(machine);
  }

  makes({ machine, command }: Profile): boolean {
    const main = machine === undefined ? undefined : this.#mains.get(machine);
    return main?.holder === "nobody" && main.command === JSON.stringify(command);
  }

  has(container: string): boolean {
    return ofMainShell(container) !== null;
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async create({ session }: ContainerIdentity, { machine }: Profile, winsize: Winsize) {
    this.#mains.get(machine!)!.holder = { session };
    const id = mainShell(machine!, session);
    this.#shells.set(id, { winsize, exit: exit(), stream: null });
    return id;
  }

  async attach(id: string, signal: AbortSignal): Promise<ShellStream> {
    const stream = await this.#engine.attach(containerOf(id), signal);
    return this.#follow(id, stream);
  }

  /** Has the main process begin it; what that prints before is nobody's. */
  async start(id: string): Promise<void> {
    const { winsize, stream } = this.#shell(id);
    const { session } = ofMainShell(id)!;
    await this.#engine.resize(containerOf(id), winsize!, withDeadline());
    await stream!.begin(session, AbortSignal.timeout(BEGIN_MS));
  }

  /** Joins one that an agent before this one may have begun. */
  async rejoin(id: string, signal: AbortSignal): Promise<Rejoined> {
    const { machine, session } = ofMainShell(id)!;
    const container = containerOf(id);
    const requireThere = async () => {
      if (!await isInMain(this.#docker, container, session).catch(whereItIsOver)) throw missing();
    };
    await requireThere();
    await using made = new AsyncDisposableStack();
    const { stream, log, heard } = await this.#engine.rejoin(container, signal);
    made.use(stream);
    await requireThere(); // an end that comes from now on is told
    const main = this.#mains.get(machine);
    if (main) main.holder = { session };
    else this.#mains.set(machine, { command: "", holder: { session } });
    made.move();
    return { stream: this.#follow(id, stream), heard, log: sinceBegin(log, session) ?? log };
  }

  exitCode(id: string): Promise<number> {
    return this.#shell(id).exit.promise;
  }

  resize(id: string, winsize: Winsize, signal: AbortSignal): Promise<void> {
    return this.#engine.resize(containerOf(id), winsize, signal);
  }

  /** Ends what runs in the terminal; then somebody else may have it. */
  async end(id: string): Promise<void> {
    const shell = this.#shells.get(id);
    this.#shells.delete(id);
    await shell?.stream?.[Symbol.asyncDispose]();
    shell?.exit.reject(missing());
    const { machine, session } = ofMainShell(id)!;
    const main = this.#mains.get(machine);
    const isItsOwn = typeof main?.holder === "object" && main.holder.session === session;
    if (!main || !isItsOwn) return;
    await endInMain(this.#docker, containerOf(id)).catch(whereItIsOver);
    if (this.#mains.get(machine) === main) main.holder = "nobody";
  }

  writtenBytes(id: string, signal: AbortSignal): Promise<number> {
    return this.#engine.writtenBytes(containerOf(id), signal);
  }

  usage(id: string, signal: AbortSignal) {
    return this.#engine.usage(containerOf(id), signal);
  }

  #follow(id: string, stream: ShellStream): ShellStream {
    const shell = this.#shell(id);
    const { session } = ofMainShell(id)!;
    return shell.stream = new MainStream(stream, session, shell.exit.resolve);
  }

  /** Also one that is about to be joined again. */
  #shell(id: string): MainShell {
    const shell = this.#shells.get(id) ?? { winsize: null, exit: exit(), stream: null };
    this.#shells.set(id, shell);
    return shell;
  }
}

function containerOf(id: string): string {
  return machineContainer(ofMainShell(id)!.machine);
}

function exit(): PromiseWithResolvers<number> {
  const exit = Promise.withResolvers<number>();
  exit.promise.catch(() => {}); // nobody may be asking
  return exit;
}

function missing(): EngineError {
  return new EngineError("Cannot reach the shell of a machine: it has ended", MISSING);
}

/** The terminal, from the beginning of one shell in it to its end. */
class MainStream implements ShellStream {
  readonly #end: EndMark;
  /** What was read and is not handed out yet. */
  #ready: Uint8Array = new Uint8Array();
  #phase: "open" | "over" = "open";

  constructor(
    private readonly stream: ShellStream,
    session: string,
    private readonly ended: (status: number) => void,
  ) {
    this.#end = new EndMark(session);
  }

  /** Resolves when the shell begins. @throws {EngineError} where it does not */
  async begin(session: string, signal: AbortSignal): Promise<void> {
    let before: Uint8Array<ArrayBuffer> = new Uint8Array();
    using _stop = whenAborted(signal, () => void this.stream[Symbol.asyncDispose]());
    try {
      await this.stream.write(beginLine(session));
      let since: Uint8Array | null;
      while ((since = sinceBegin(before, session)) === null) {
        const bytes = await this.stream.read(READ_BYTES);
        if (bytes === null || before.length > BEFORE_BYTES) throw new Error("it says nothing");
        before = concat([before, bytes]);
      }
      this.#take(since);
    } catch (cause) {
      const message = "Cannot begin a shell in the machine's terminal";
      throw new EngineError(message, { answer: "refused", cause });
    }
  }

  async read(maxBytes: number): Promise<Uint8Array | null> {
    while (this.#ready.length === 0) {
      if (this.#phase === "over") return null;
      const bytes = await this.stream.read(maxBytes);
      if (bytes === null) return null;
      this.#take(bytes);
    }
    const bytes = this.#ready.subarray(0, maxBytes);
    this.#ready = this.#ready.subarray(maxBytes);
    return bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.stream.write(bytes);
  }

  get writtenBytes(): number {
    return this.stream.writtenBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream[Symbol.asyncDispose]();
  }

  #take(bytes: Uint8Array): void {
    const { output, status } = this.#end.take(bytes);
    this.#ready = output;
    if (status === null) return;
    this.#phase = "over";
    this.ended(status);
  }
}
