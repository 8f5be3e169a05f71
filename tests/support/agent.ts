/** An agent of its own for a test file: a real process with a socket, for gateways without Docker. */
import { join } from "node:path";
import { Docker } from "deno-docker-api";
import { DOCKER_SOCKET, PROGRAM, RAW, until } from "./gateway.ts";
import { testImage } from "./image.ts";
import { clearAfter } from "./leftovers.ts";

/** Disposing it ends it with its sessions, and asserts that no container is left. */
export class TestAgent implements AsyncDisposable {
  readonly docker: Docker;
  #process: Deno.ChildProcess | null = null;

  private constructor(
    readonly home: string,
    readonly instance: string,
    readonly env: Readonly<Record<string, string>>,
    private readonly ownsHome: boolean,
    private readonly program: string,
    dockerSocket: string,
  ) {
    this.docker = new Docker({ socketPath: dockerSocket });
  }

  static async start(
    {
      env = {},
      instance = `test-${crypto.randomUUID().slice(0, 8)}`,
      home,
      program = PROGRAM,
      dockerSocket = DOCKER_SOCKET,
    }: {
      readonly env?: Readonly<Record<string, string>>;
      readonly instance?: string;
      /** A directory that is somebody else's to remove. */
      readonly home?: string;
      /** What is run, in the place of the program from source. */
      readonly program?: string;
      /** Of the Docker that it has; `env` tells it so. */
      readonly dockerSocket?: string;
    } = {},
  ): Promise<TestAgent> {
    const made = home ?? await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const agent = new TestAgent(made, instance, env, home === undefined, program, dockerSocket);
    addEventListener("unload", () => agent.#signal("SIGTERM"));
    await agent.begin();
    return agent;
  }

  get socket(): string {
    return join(this.home, "agent.sock");
  }

  get process(): Deno.ChildProcess {
    return this.#process!;
  }

  /** What a gateway is told of it; its own Docker socket does not exist. */
  get forGateway(): Record<string, string> {
    return {
      TTYGATE_GATEWAY_AGENT: this.socket,
      TTYGATE_DOCKER_SOCKET: join(this.home, "no-docker.sock"),
    };
  }

  /** Starts its process, again after `stop`. */
  async begin(): Promise<void> {
    this.#process = new Deno.Command(this.program, {
      args: ["agent"],
      env: {
        TTYGATE_AGENT_SOCKET: this.socket,
        TTYGATE_AGENT_STATE_DIR: join(this.home, "state"),
        TTYGATE_DOCKER_SOCKET: DOCKER_SOCKET,
        TTYGATE_DOCKER_INSTANCE: this.instance,
        TTYGATE_CONTAINER_IMAGE: testImage(),
        TTYGATE_POOL_SIZE: "0",
        ...RAW,
        ...this.env,
      },
      stdin: "null",
      stdout: "null",
      stderr: Deno.env.has("TTYGATE_TEST_LOG") ? "inherit" : "null",
    }).spawn();
    await until(() => listens(this.socket));
  }

  /** Ends its process in a given manner. */
  async stop(signal: Deno.Signal): Promise<void> {
    this.#signal(signal);
    await this.#process!.status;
  }

  containers() {
    const labels = [`ttygate.instance=${this.instance}`];
    return this.docker.containers.list({ all: true, labels });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGTERM");
    const left = await clearAfter(this.docker, this.instance);
    this.docker[Symbol.dispose]();
    if (this.ownsHome) await Deno.remove(this.home, { recursive: true });
    if (left > 0) throw new Error(`the agent left ${left} containers`);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process!.kill(signal);
    } catch {
      // It is gone already.
    }
  }
}

async function listens(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}
