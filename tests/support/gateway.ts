/** A fresh gateway of its own for a test file: real process, port 0, own instance, own directories. */
import { bcrypt } from "hash-wasm";
import { join } from "node:path";
import { Docker } from "deno-docker-api";
import { abortable, settlesWithin, systemClock } from "../../lib/clock.ts";
import { testImage } from "./image.ts";
import { type Outcome, run } from "./run.ts";
import type { Machine } from "./scripted_agent.ts";
import { clearAfter } from "./leftovers.ts";

/** The program from source. */
export const PROGRAM = new URL("../../scripts/ttygate", import.meta.url).pathname;
export const DOCKER_SOCKET = Deno.env.get("TTYGATE_DOCKER_SOCKET") ?? "/run/docker.sock";

const START_MS = 60_000;
const STOP_MS = 20_000;
/** The least cost there is: tests of log-ins are not tests of bcrypt. */
const TEST_COST = 4;

/** Output as programs print it: what tests compare byte for byte has no marks between. */
export const RAW = { TTYGATE_CONTAINER_PROMPT_MARKS: "off" } as const;

/** A line of an htpasswd file. */
export async function htpasswdLine(name: string, password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await bcrypt({ password, salt, costFactor: TEST_COST, outputType: "encoded" });
  return `${name}:${hash.replace(/^\$2a/, "$2y")}\n`;
}

/** Runs the program to its end. */
export function ttygate(
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Outcome> {
  return run(PROGRAM, args, options);
}

/** How a gateway differs from the default. */
export interface GatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Names to passwords; "alice" with "wonderland" unless given. */
  readonly users?: Readonly<Record<string, string>>;
  /** The groups file. */
  readonly groups?: string;
  /** A directory that outlives it; the users and groups that are there already stay. */
  readonly home?: string;
  readonly instance?: string;
  /** What is run, in the place of the program from source. */
  readonly program?: string;
  /** Whose sessions are served, in the place of its own: the gateway has no Docker then. */
  readonly agent?: Machine;
}

/** A running gateway. Disposing it ends it and asserts that it left no container of its own. */
export class TestGateway implements AsyncDisposable {
  readonly docker = new Docker({ socketPath: DOCKER_SOCKET });
  readonly #log: string[] = [];
  #logChanged = Promise.withResolvers<void>();
  #reading: Promise<void>;

  private constructor(
    readonly process: Deno.ChildProcess,
    readonly home: string,
    readonly instance: string,
    readonly env: Record<string, string>,
    private readonly ownsHome: boolean,
    private readonly agent: Machine | undefined,
  ) {
    this.#reading = this.#read();
  }

  static async start(options: GatewayOptions = {}): Promise<TestGateway> {
    const { users = { alice: "wonderland" }, groups = "admin: root\n" } = options;
    const home = options.home ?? await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const instance = options.instance ?? `test-${crypto.randomUUID().slice(0, 8)}`;
    const lines = await Promise.all(Object.entries(users).map((user) => htpasswdLine(...user)));
    const write = async (name: string, text: string) => {
      const isThere = await Deno.stat(join(home, name)).then(() => true, () => false);
      if (!isThere) await Deno.writeTextFile(join(home, name), text);
    };
    await write("htpasswd", lines.join(""));
    await write("groups", groups);
    const env = {
      TTYGATE_GATEWAY_LISTEN: "127.0.0.1:0",
      TTYGATE_GATEWAY_ADMIN_SOCKET: join(home, "admin.sock"),
      TTYGATE_GATEWAY_STATE_DIR: join(home, "state"),
      TTYGATE_DOCKER_INSTANCE: instance,
      ...(options.agent
        ? {
          TTYGATE_GATEWAY_AGENT: await options.agent.listen(),
          TTYGATE_DOCKER_SOCKET: join(home, "no-docker.sock"),
        }
        : { TTYGATE_DOCKER_SOCKET: DOCKER_SOCKET, TTYGATE_CONTAINER_IMAGE: testImage() }),
      TTYGATE_AUTH_HTPASSWD: join(home, "htpasswd"),
      TTYGATE_AUTH_GROUPS: join(home, "groups"),
      TTYGATE_AUTH_FAIL_DELAY: "0s",
      // Only tests of the pool want containers that nobody asked for.
      TTYGATE_POOL_SIZE: "0",
      ...RAW,
      ...options.env,
    };
    const process = new Deno.Command(options.program ?? PROGRAM, {
      args: ["serve"],
      env,
      stdin: "null",
      stdout: "inherit",
      stderr: "piped",
    }).spawn();
    const ownsHome = options.home === undefined;
    const gateway = new TestGateway(process, home, instance, env, ownsHome, options.agent);
    addEventListener("unload", () => gateway.#signal("SIGTERM"));
    await gateway.logged(/ttygate is ready/);
    return gateway;
  }

  /** All it logged so far. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** "127.0.0.1:PORT". */
  get host(): string {
    const host = /listening on https?:\/\/(\S+)/.exec(this.log)?.[1];
    if (!host) throw new Error(`the gateway names no address:\n${this.log}`);
    return host;
  }

  get origin(): string {
    return /listening on (https?:\/\/\S+)/.exec(this.log)![1]!;
  }

  /** Waits until the log has a match. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    const timeout = AbortSignal.timeout(START_MS);
    while (true) {
      const match = pattern.exec(this.log);
      if (match) return match;
      timeout.throwIfAborted();
      const ended = this.process.status.then(({ code }) => {
        throw new Error(`the gateway ended with ${code} before logging ${pattern}:\n${this.log}`);
      });
      ended.catch(() => {});
      await abortable(Promise.race([this.#logChanged.promise, ended]), timeout);
    }
  }

  /** Logs in and returns the `Cookie` header. */
  async logIn(username = "alice", password = "wonderland"): Promise<string> {
    const response = await this.postLogin({ username, password });
    await response.body?.cancel();
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    if (response.status !== 303 || !cookie) throw new Error(`log-in answered ${response.status}`);
    return cookie;
  }

  postLogin(form: Record<string, string>, headers: HeadersInit = {}): Promise<Response> {
    return fetch(`${this.origin}/login`, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { origin: this.origin, ...headers },
      redirect: "manual",
    });
  }

  /** This gateway's containers, whatever their state. */
  containers() {
    const labels = [`ttygate.instance=${this.instance}`];
    return this.docker.containers.list({ all: true, labels });
  }

  /** Waits until it has so many containers. */
  async haveContainers(count: number): Promise<void> {
    await until(async () => (await this.containers()).length === count).catch((cause) => {
      throw new Error(`the gateway has not ${count} containers:\n${this.log}`, { cause });
    });
  }

  /** Ends it in a given manner and waits for its process. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    this.#signal(signal);
    const stopped = settlesWithin(this.process.status, STOP_MS, systemClock);
    if (!await stopped) this.#signal("SIGKILL");
    const status = await this.process.status;
    await this.#reading;
    if (!await stopped) throw new Error(`the gateway did not stop at ${signal}:\n${this.log}`);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const left = this.agent ? 0 : await clearAfter(this.docker, this.instance);
    this.docker[Symbol.dispose]();
    if (this.ownsHome) await Deno.remove(this.home, { recursive: true });
    if (left === 0) return;
    // What failed before it would be all that is told, and not this.
    console.error(`the gateway left ${left} containers:\n${this.log}`);
    throw new Error(`the gateway left ${left} containers`);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.process.kill(signal);
    } catch {
      // It is gone already.
    }
  }

  async #read(): Promise<void> {
    const lines = this.process.stderr.pipeThrough(new TextDecoderStream());
    let rest = "";
    for await (const text of lines) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      this.#log.push(...parts);
      this.#logChanged.resolve();
      this.#logChanged = Promise.withResolvers();
    }
  }
}

/** Polls a condition that nobody announces. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 45_000,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!await condition()) {
    if (performance.now() > giveUpAt) {
      throw new Error(`not so within ${timeoutMs} ms: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
