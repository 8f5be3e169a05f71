/** An engine and a shell that a test plays. */
import type {
  ContainerIdentity,
  ContainerSummary,
  Engine,
  Incident,
  ShellStream,
  Tether,
} from "../../lib/sessions/engine.ts";
import { EngineError } from "../../lib/sessions/errors.ts";
import type { Profile, Winsize } from "../../lib/types.ts";

export const PROFILE: Profile = {
  image: "test:latest",
  command: ["/bin/sh"],
  limits: { cpus: 0.5, memoryBytes: 200 * 1024 * 1024, pids: 128, diskBytes: 1024 ** 3 },
  network: "none",
  runtime: "",
  user: "",
};

/** A terminal whose output a test prints. */
export class ScriptedStream implements ShellStream {
  readonly written: string[] = [];
  readonly #chunks: (Uint8Array | null)[] = [];
  #arrived = Promise.withResolvers<void>();

  print(text: string) {
    this.#push(new TextEncoder().encode(text));
  }

  end() {
    this.#push(null);
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
    this.written.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end();
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
  readonly stream: ScriptedStream;
  readonly exit: PromiseWithResolvers<number>;
  tether: "none" | "tied" | "released" | "cut";
  size: Winsize | null;
}

/** Notes each verb in `calls`, in order; set `failAt` to have one fail. */
export class ScriptedEngine implements Engine {
  readonly limitsDisk = false;
  readonly calls: string[] = [];
  readonly containers = new Map<string, ScriptedContainer>();
  failAt: keyof Engine | null = null;
  #tell: ((incident: Incident) => void) | null = null;

  /** Tells the registry of an incident. */
  incident(incident: Incident) {
    this.#tell?.(incident);
  }

  ping(): Promise<void> {
    return this.#call("ping");
  }

  async create(identity: ContainerIdentity): Promise<string> {
    await this.#call("create");
    const id = `container-${identity.session}`;
    const exit = Promise.withResolvers<number>();
    this.containers.set(id, {
      identity,
      stream: new ScriptedStream(),
      exit,
      tether: "none",
      size: null,
    });
    return id;
  }

  async attach(container: string): Promise<ShellStream> {
    await this.#call("attach");
    return this.containers.get(container)!.stream;
  }

  async watchExit(container: string): Promise<{ code: Promise<number> }> {
    await this.#call("watchExit");
    return { code: this.containers.get(container)!.exit.promise };
  }

  start(): Promise<void> {
    return this.#call("start");
  }

  async tether(container: string): Promise<Tether> {
    await this.#call("tether");
    const tied = this.containers.get(container)!;
    tied.tether = "tied";
    return {
      release: () => Promise.resolve(void (tied.tether = "released")),
      [Symbol.asyncDispose]: () => Promise.resolve(void (tied.tether = "cut")),
    };
  }

  async resize(container: string, winsize: Winsize, _signal: AbortSignal): Promise<void> {
    await this.#call("resize");
    this.containers.get(container)!.size = winsize;
  }

  async end(container: string): Promise<void> {
    await this.#call("end");
    this.containers.delete(container);
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

  #call(verb: keyof Engine): Promise<void> {
    this.calls.push(verb);
    if (this.failAt !== verb) return Promise.resolve();
    return Promise.reject(new EngineError(`Cannot ${verb}: scripted`, { answered: true }));
  }
}
