/** The contenders made ready: their servers started, and where their terminals are opened. */
import { dirname, join } from "node:path";
import { NEW_COST } from "../../lib/auth/htpasswd.ts";
import { bcrypt } from "hash-wasm";
import { TestAgent } from "../support/agent.ts";
import { DOCKER_SOCKET, TestGateway, until } from "../support/gateway.ts";
import { dockerRun } from "./contenders/container.ts";
import type { Target } from "./contenders/contender.ts";
import { dockerRuns } from "./contenders/docker_run.ts";
import { joinNode } from "../support/node_place.ts";
import { end, type Lab } from "./lab.ts";
import { family } from "./process.ts";
import { type Column, COLUMNS } from "./table.ts";

/** More than any row opens. */
const MOST_SESSIONS = 1000;
/** Who logs in during the storm. */
export const STORM_USERS = Array.from({ length: 50 }, (_, i) => `storm${i}`);
export const PASSWORD = "correct horse";

/** How the field differs from the default. */
export interface FieldOptions {
  /** Who takes part; all who were asked for unless given. */
  readonly columns?: readonly Column[];
  /** Without a CPU limit on the containers. */
  readonly unlimited?: boolean;
  readonly poolSize?: number;
}

/** One contender, ready to open terminals. */
export interface Contender {
  readonly column: Column;
  /** By which its containers are known. */
  readonly instance: string;
  readonly target: Target;
  /** The processes that stand between client and container, all but those of Docker's daemon. */
  pids(): number[];
  /** Waits until no closed session leaves work behind, its containers removed. */
  settle(): Promise<void>;
}

export class Field implements AsyncDisposable {
  readonly contenders: Contender[] = [];
  gateway: TestGateway | null = null;
  readonly #stack = new AsyncDisposableStack();

  private constructor(readonly lab: Lab, private readonly options: FieldOptions) {}

  static async open(lab: Lab, options: FieldOptions = {}): Promise<Field> {
    const field = new Field(lab, options);
    const { args } = lab;
    const wanted = COLUMNS.filter((column) =>
      (options.columns ?? COLUMNS).includes(column) &&
      (column !== "ttyd" || args.ttyd !== null) && (column !== "wetty" || args.wetty !== null)
    );
    for (const column of wanted) field.contenders.push(await field.#ready(column));
    return field;
  }

  /** Those of some contenders who take part. */
  only(columns: readonly Column[]): Contender[] {
    return this.contenders.filter(({ column }) => columns.includes(column));
  }

  of(column: Column): Contender {
    return this.contenders.find((contender) => contender.column === column)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #ready(column: Column): Promise<Contender> {
    const instance = this.lab.instance(column);
    const { lab } = this;
    const settle = () => lab.sweep(instance);
    switch (column) {
      case "raw": {
        const target = { kind: "raw", socket: DOCKER_SOCKET, ...this.#wish(instance) } as const;
        return { column, instance, target, pids: () => [], settle };
      }
      case "docker": {
        const command = await this.#script(instance);
        const pids = () => [...dockerRuns].map(({ pid }) => pid);
        return { column, instance, target: { kind: "docker", command }, pids, settle };
      }
      case "ttygate":
      case "apart":
      case "dialled":
        return await this.#startGateway(column, instance);
      case "ttyd": {
        const command = await this.#script(instance);
        // Its page draws into the document then, as ttygate's does; without a GPU that is faster.
        const flags = [
          ...["--interface", "127.0.0.1", "--writable"],
          ...["--client-option", "rendererType=dom"],
        ];
        const { host, pid } = await this.#serve(
          lab.args.ttyd!,
          (port) => ["--port", port, ...flags, command],
        );
        return {
          column,
          instance,
          target: { kind: "ttyd", host },
          pids: () => [pid],
          settle: () => this.#endClients(pid, instance),
        };
      }
      case "wetty": {
        const command = await this.#script(instance);
        const flags = ["--host", "127.0.0.1", "--base", "/", "--log-level", "error"];
        const { host, pid } = await this.#serve(
          lab.args.wetty!,
          (port) => ["--port", port, ...flags, "--command", command],
        );
        return {
          column,
          instance,
          target: { kind: "wetty", host },
          pids: () => [pid],
          settle: () => this.#endClients(pid, instance),
        };
      }
    }
  }

  /** A docker client that is stuck in its output ends at no gentler signal, and holds its container. */
  async #endClients(server: number, instance: string): Promise<void> {
    for (const pid of family([server]).slice(1)) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    }
    await this.lab.sweep(instance);
  }

  #wish(instance: string) {
    const { lab: { network, image }, options: { unlimited = false } } = this;
    return { instance, network, image, unlimited };
  }

  /** A script that is `docker run` with everything in it, for programs that take one command. */
  async #script(instance: string): Promise<string> {
    const args = dockerRun(this.#wish(instance), "bench").map((arg) => `'${arg}'`).join(" ");
    const path = this.lab.path(instance);
    const text = `#!/bin/sh\nexec docker --host unix://${DOCKER_SOCKET} ${args}\n`;
    await Deno.writeTextFile(path, text, { mode: 0o755 });
    return path;
  }

  async #startGateway(
    column: "ttygate" | "apart" | "dialled",
    instance: string,
  ): Promise<Contender> {
    const { lab, options: { unlimited, poolSize = 0 } } = this;
    const home = lab.path(`${instance}-home`);
    await Deno.mkdir(home);
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const options = { salt, costFactor: NEW_COST, outputType: "encoded" } as const;
    const hash = (await bcrypt({ password: PASSWORD, ...options })).replace(/^\$2a/, "$2y");
    const lines = ["bench", ...STORM_USERS].map((name) => `${name}:${hash}\n`);
    await Deno.writeTextFile(join(home, "htpasswd"), lines.join(""));
    const env = {
      TTYGATE_CONTAINER_NETWORK: lab.network,
      TTYGATE_SESSION_RECONNECT_GRACE: "0s",
      TTYGATE_SESSION_MAX_TOTAL: String(MOST_SESSIONS),
      TTYGATE_SESSION_MAX_PER_USER: String(MOST_SESSIONS),
      TTYGATE_MACHINES_MAX_PER_USER: "1000",
      TTYGATE_POOL_SIZE: String(poolSize),
      ...(unlimited && { TTYGATE_CONTAINER_CPUS: String(navigator.hardwareConcurrency) }),
    };
    const agent = column === "ttygate" ? null : await this.#startAgent(instance, env);
    const gateway = await TestGateway.start({
      home,
      instance: agent ? `${instance}-gateway` : instance,
      env: {
        ...env,
        ...agent?.forGateway,
        ...(column === "dialled" && {
          TTYGATE_GATEWAY_AGENT: "none",
          TTYGATE_GATEWAY_ADMIN_SOCKET: join(agent!.home, "admin.sock"), // a short path
        }),
      },
    });
    if (column === "dialled") await joinNode(gateway, agent!, "bench");
    if (agent === null) this.gateway = gateway;
    this.#stack.use(gateway);
    lab.own(gateway.process);
    const cookie = await gateway.logIn("bench", PASSWORD);
    return {
      column,
      instance,
      target: { kind: "ttygate", origin: gateway.origin, cookie },
      pids: () => [gateway.process.pid, ...(agent ? [agent.process.pid] : [])],
      settle: () =>
        until(async () => {
          const all = await lab.containers(instance);
          return all.filter(({ Labels }) => !Labels["ttygate.machine"]).length <= poolSize;
        }, 60_000),
    };
  }

  async #startAgent(instance: string, env: Readonly<Record<string, string>>): Promise<TestAgent> {
    // The path of a socket must be short.
    const home = await Deno.makeTempDir({ dir: this.lab.directory, prefix: "a" });
    const agent = this.#stack.use(await TestAgent.start({ env, instance, home }));
    this.lab.own(agent.process);
    return agent;
  }

  /** Starts a server on a free port and waits until it answers. */
  async #serve(
    program: string,
    args: (port: string) => string[],
  ): Promise<{ host: string; pid: number }> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const command = new Deno.Command(program, {
      args: args(String(port)),
      cwd: dirname(await Deno.realPath(program)),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    const child = this.lab.own(command.spawn());
    this.#stack.defer(() => end(child));
    const host = `127.0.0.1:${port}`;
    const ended = child.status.then(({ code }) => {
      throw new Error(`Cannot measure ${program}: it ended with ${code} at once`);
    });
    const answers = until(() =>
      fetch(`http://${host}/`).then((response) => response.body?.cancel()).then(
        () => true,
        () => false,
      )
    );
    await Promise.race([answers, ended]);
    ended.catch(() => {});
    return { host, pid: child.pid };
  }
}
