/** An engine and a shell that a test plays. */
import { sleep, systemClock } from "../../../lib/clock.ts";
import type { DiskSpace } from "../../../lib/sessions/disk_space.ts";
import type {
  ContainerIdentity,
  ContainerSummary,
  Engine,
  Incident,
  Rejoined,
  ShellStream,
  UsageSample,
} from "../../../lib/sessions/engine.ts";
import { type EngineAnswer, EngineError } from "../../../lib/sessions/errors.ts";
import type { LeaseRecord } from "../../../lib/sessions/lease_record.ts";
import type { Leases } from "../../../lib/sessions/leases.ts";
import type { RegistrySettings } from "../../../lib/sessions/registry_parts.ts";
import type { Choice, Clock, Profile, Winsize } from "../../../lib/types.ts";
import { ScriptedFiles } from "./scripted_files.ts";

export const PROFILE: Profile = {
  image: "test:latest",
  command: ["/bin/sh"],
  limits: { cpus: 0.5, memoryBytes: 200 * 1024 * 1024, pids: 128, diskBytes: 1024 ** 3 },
  network: "none",
  runtime: "",
  user: "",
};

const DEFAULT: Choice = { name: "default", title: "Test", groups: null, profile: PROFILE };

const MINUTE_MS = 60_000;

/** What sessions are made by, as the defaults have it but for what a test needs otherwise. */
export function settingsWith(
  { times, ...rest }: Partial<Omit<RegistrySettings, "times">> & {
    readonly times?: Partial<RegistrySettings["times"]>;
  } = {},
): RegistrySettings {
  return {
    profile: PROFILE,
    choices: [DEFAULT],
    times: {
      idleTimeoutMs: 15 * MINUTE_MS,
      idleWarningMs: MINUTE_MS,
      maxLifetimeMs: 480 * MINUTE_MS,
      reconnectGraceMs: MINUTE_MS,
      detachMaxMs: 60 * MINUTE_MS,
      ...times,
    },
    replayBytes: 1024,
    motd: "",
    minFreeBytes: 2 * 1024 ** 3,
    maxTotal: 50,
    maxPerUser: 3,
    poolSize: 0,
    ...rest,
  };
}

/** A terminal whose output a test prints. */
export class ScriptedStream implements ShellStream {
  readonly written: string[] = [];
  writtenBytes = 0;
  /** Told of what is typed, as it is taken. */
  onInput: (text: string) => void = () => {};
  /** How much more input it takes; a write of more waits until the connection breaks. */
  takesBytes = Infinity;
  readonly #broken = Promise.withResolvers<void>();
  readonly #chunks: (Uint8Array | null)[] = [];
  #arrived = Promise.withResolvers<void>();

  print(text: string) {
    this.#push(new TextEncoder().encode(text));
  }

  end() {
    this.#push(null);
  }

  /** Whether all that was printed is read. */
  get isDrained(): boolean {
    return this.#chunks.length === 0;
  }

  async read(maxBytes: number): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0) await this.#arrived.promise;
    const chunk = this.#chunks[0]!;
    if (chunk === null) return null;
    if (chunk.length > maxBytes) this.#chunks[0] = chunk.subarray(maxBytes);
    else this.#chunks.shift();
    return chunk.subarray(0, maxBytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    const taken = bytes.subarray(0, this.takesBytes);
    this.writtenBytes += taken.length;
    this.takesBytes -= taken.length;
    if (taken.length > 0) {
      this.written.push(new TextDecoder().decode(taken));
      this.onInput(this.written.at(-1)!);
    }
    return taken.length === bytes.length ? Promise.resolve() : this.#broken.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#broken.promise.catch(() => {}); // nobody may be writing
    this.#broken.reject(new Error("the connection broke"));
    return Promise.resolve();
  }

  #push(chunk: Uint8Array | null) {
    this.#chunks.push(chunk);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

/** One container as the scripted engine holds it. */
export interface ScriptedContainer {
  readonly identity: ContainerIdentity;
  stream: ScriptedStream;
  /** What `rejoin` says was printed. */
  log: string;
  exit: PromiseWithResolvers<number>;
  size: Winsize | null;
}

/** Notes each verb in `calls`, in order; set `failAt` to have one fail. */
export class ScriptedEngine implements Engine {
  limitsDisk = false;
  readonly files = new ScriptedFiles();
  /** What the disk has left; null for a disk that cannot be seen. */
  disk: DiskSpace | null = null;
  /** How often it was looked at. */
  looks = 0;
  /** What containers hold and have written, by id; a promise is answered when it is. */
  readonly held = new Map<string, number | Promise<number>>();
  readonly written = new Map<string, number>();
  /** What containers use; one that is not here is not measured. */
  readonly used = new Map<string, UsageSample>();
  /** How long it takes to count a container's files, and to answer at all, by the clock. */
  readonly countMs = new Map<string, number>();
  readonly answerMs = new Map<string, number>();
  /** The exit statuses of containers that have ended, by id. */
  readonly ended = new Map<string, number>();
  clock: Clock = systemClock;
  readonly calls: string[] = [];
  readonly containers = new Map<string, ScriptedContainer>();
  failAt: keyof Engine | null = null;
  failsWith: EngineAnswer = "refused";
  #phase: "there" | "away" = "there";
  #tell: ((incident: Incident) => void) | null = null;

  /** Stops answering; streams and waits under way break. */
  goAway() {
    this.#phase = "away";
    for (const { stream, exit } of this.containers.values()) {
      stream.end();
      exit.reject(new EngineError("Cannot wait: away", { answer: "none" }));
    }
  }

  comeBack() {
    this.#phase = "there";
    for (const container of this.containers.values()) {
      container.exit = Promise.withResolvers();
      container.exit.promise.catch(() => {}); // nobody may be waiting
    }
  }

  /** Tells the registry of an incident. */
  incident(incident: Incident) {
    this.#tell?.(incident);
  }

  ping(): Promise<void> {
    return this.#call("ping");
  }

  async hasImage(): Promise<boolean> {
    await this.#call("hasImage");
    return true;
  }

  async create(identity: ContainerIdentity): Promise<string> {
    await this.#call("create");
    const id = `container-${identity.session}`;
    const exit = Promise.withResolvers<number>();
    exit.promise.catch(() => {}); // nobody may be waiting
    this.containers.set(id, {
      identity,
      stream: new ScriptedStream(),
      log: "",
      exit,
      size: null,
    });
    return id;
  }

  async attach(container: string): Promise<ShellStream> {
    await this.#call("attach");
    return this.containers.get(container)!.stream;
  }

  async rejoin(container: string): Promise<Rejoined> {
    await this.#call("rejoin");
    const { log } = this.containers.get(container)!;
    const stream = new ScriptedStream();
    this.containers.get(container)!.stream = stream;
    return { stream, heard: new Uint8Array(), log: new TextEncoder().encode(log) };
  }

  freeze(): Promise<void> {
    return this.#call("freeze");
  }

  watchExit(container: string): Promise<number> {
    return this.containers.get(container)!.exit.promise;
  }

  async exitStatus(container: string): Promise<number | null> {
    await this.#call("exitStatus");
    return this.ended.get(container) ?? null;
  }

  start(): Promise<void> {
    return this.#call("start");
  }

  async resize(container: string, winsize: Winsize, _signal: AbortSignal): Promise<void> {
    await this.#call("resize");
    this.containers.get(container)!.size = winsize;
  }

  async end(container: string): Promise<void> {
    await this.#call("end");
    this.containers.delete(container);
  }

  async space(): Promise<DiskSpace | null> {
    this.looks++;
    await this.#answer("space");
    return this.disk;
  }

  async heldBytes(container: string): Promise<number> {
    await this.#call("heldBytes");
    await this.#after(this.countMs.get(container));
    return await (this.held.get(container) ?? 0);
  }

  async writtenBytes(container: string): Promise<number> {
    await this.#call("writtenBytes");
    await this.#after(this.answerMs.get(container));
    return this.written.get(container) ?? 0;
  }

  async usage(container: string, _signal: AbortSignal): Promise<UsageSample | null> {
    await this.#call("usage");
    return this.used.get(container) ?? null;
  }

  async list(): Promise<ContainerSummary[]> {
    await this.#call("list");
    return [...this.containers].map(([id, { identity }]) => ({
      id,
      name: `ttygate-${identity.session}`,
      state: "running",
      session: identity.session,
      user: identity.user,
    }));
  }

  async *incidents(signal: AbortSignal): AsyncGenerator<Incident> {
    const queue: Incident[] = [];
    let arrived = Promise.withResolvers<void>();
    this.#tell = (incident) => {
      queue.push(incident);
      arrived.resolve();
    };
    signal.addEventListener("abort", () => arrived.resolve());
    while (!signal.aborted) {
      while (queue.length > 0) yield queue.shift()!;
      await arrived.promise;
      arrived = Promise.withResolvers();
    }
  }

  async #after(delayMs = 0): Promise<void> {
    if (delayMs > 0) await sleep(delayMs, this.clock);
  }

  #call(verb: keyof Engine): Promise<void> {
    this.calls.push(verb);
    return this.#answer(verb);
  }

  #answer(verb: keyof Engine): Promise<void> {
    if (this.#phase === "away") {
      return Promise.reject(new EngineError(`Cannot ${verb}: away`, { answer: "none" }));
    }
    if (this.failAt !== verb) return Promise.resolve();
    return Promise.reject(new EngineError(`Cannot ${verb}: scripted`, { answer: this.failsWith }));
  }
}

/** Leases that are kept nowhere but in `leased`. */
export function scriptedLeases(
  leased: Set<string>,
  inherited = new Map<string, LeaseRecord>(),
): Pick<Leases, "take" | "inherit" | "drop" | "inherited"> {
  for (const session of inherited.keys()) leased.add(session);
  const drop = (session: string) => {
    inherited.delete(session);
    leased.delete(session);
    return Promise.resolve();
  };
  const lease = (session: string) => {
    leased.add(session);
    return { write: () => Promise.resolve(), [Symbol.asyncDispose]: () => drop(session) };
  };
  return {
    inherited,
    drop,
    take: (session) => Promise.resolve(lease(session)),
    inherit(session) {
      inherited.delete(session);
      return lease(session);
    },
  };
}
