/** Containers: made, started, attached to, measured, ended. */
import type { Call, Client } from "./client.ts";
import { DockerError } from "./errors.ts";
import { Execs } from "./execs.ts";
import { type HijackedStream, openHijacked } from "./hijack.ts";
import { Program } from "./program.ts";
import type { ContainerStats } from "./stats_types.ts";
import type { CallOptions, ContainerCreate, ContainerInspect, ContainerSummary } from "./types.ts";

/**
 * The calls under `/containers`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container); each rejects with a
 * `DockerError`, or with its signal's reason. An id may be a name.
 */
export class Containers {
  readonly #client: Client;
  readonly #execs: Execs;

  constructor(client: Client) {
    this.#client = client;
    this.#execs = new Execs(client);
  }

  create(
    spec: ContainerCreate,
    { name, signal }: CallOptions & { readonly name?: string } = {},
  ): Promise<{ Id: string; Warnings: string[] | null }> {
    return this.#client.json({
      doing: `create a container from ${spec.Image}`,
      method: "POST",
      path: ["containers", "create"],
      query: { name },
      body: spec,
      signal,
    });
  }

  /** Starts it; one that runs already is left so. */
  start(id: string, options: CallOptions = {}): Promise<void> {
    return this.#client.done(on(id, "start container", "POST", ["start"], options));
  }

  /** Sends a signal, SIGKILL unless named otherwise; 409 when it does not run. */
  kill(
    id: string,
    { signalName, signal }: CallOptions & { readonly signalName?: string } = {},
  ): Promise<void> {
    const query = { signal: signalName };
    return this.#client.done(on(id, "kill container", "POST", ["kill"], { signal, query }));
  }

  pause(id: string, options: CallOptions = {}): Promise<void> {
    return this.#client.done(on(id, "pause container", "POST", ["pause"], options));
  }

  unpause(id: string, options: CallOptions = {}): Promise<void> {
    return this.#client.done(on(id, "unpause container", "POST", ["unpause"], options));
  }

  /** Asks it to end and kills it after `timeoutSeconds`; one that is stopped already is left so. */
  stop(
    id: string,
    { timeoutSeconds, signal }: CallOptions & { readonly timeoutSeconds?: number } = {},
  ): Promise<void> {
    const query = { t: timeoutSeconds };
    return this.#client.done(on(id, "stop container", "POST", ["stop"], { signal, query }));
  }

  /** Removes it, killed first with `force`, with its anonymous volumes with `volumes`. */
  remove(
    id: string,
    { force, volumes, signal }: CallOptions & {
      readonly force?: boolean;
      readonly volumes?: boolean;
    } = {},
  ): Promise<void> {
    const query = { force, v: volumes };
    return this.#client.done(on(id, "remove container", "DELETE", [], { signal, query }));
  }

  /**
   * Opens the container's input and output as one stream; attach before the start to lose nothing.
   *
   * @param options `side` leaves the other one out; `detachKeys` as in docker-attach(1), or as bytes
   *   (but commas, 44): the default "ctrl-p,ctrl-q" swallows a Ctrl-P until the next key, and so it
   *   is with the first of any; `logs` sends the earlier output first; `signal` governs the opening
   *   only
   */
  async attach(
    id: string,
    { side, detachKeys, logs, signal }: CallOptions & {
      readonly side?: "input" | "output";
      readonly detachKeys?: string | Uint8Array;
      readonly logs?: boolean;
    } = {},
  ): Promise<HijackedStream> {
    const query = {
      stream: true,
      stdin: side !== "output",
      stdout: side !== "input",
      stderr: side !== "input",
      logs,
    };
    const call = on(id, "attach to container", "POST", ["attach"], { signal, query });
    const target = await this.#client.target(call);
    return await openHijacked({
      socketPath: this.#client.socketPath,
      target: detachKeys === undefined ? target : `${target}&detachKeys=${encodeKeys(detachKeys)}`,
      doing: call.doing,
      owner: `container ${id}`,
      signal,
    });
  }

  /**
   * Runs a further program in a running container, without a terminal; the stream is its input, and
   * its output with Docker's 8-byte headers. The end of the connection, also by the death of this
   * process, is the end of the program's input.
   *
   * @param options `signal` governs the opening only
   */
  async exec(
    id: string,
    command: readonly string[],
    options: CallOptions = {},
  ): Promise<HijackedStream> {
    return (await this.#exec(id, command, options)).stream;
  }

  /**
   * The same, with its output told apart and its exit status.
   *
   * @param options `env` adds to the container's own: "LC_ALL=C"
   */
  async run(
    id: string,
    command: readonly string[],
    options: CallOptions & { readonly env?: readonly string[] } = {},
  ): Promise<Program> {
    const { exec, stream } = await this.#exec(id, command, options);
    return new Program(stream, async () => {
      const status = await this.#execs.exitCode(exec);
      if (status !== null) return status;
      throw new DockerError(`Cannot await an exec in ${id}: it runs`);
    });
  }

  async #exec(
    id: string,
    command: readonly string[],
    { signal, env }: CallOptions & { readonly env?: readonly string[] },
  ): Promise<{ exec: string; stream: HijackedStream }> {
    const exec = await this.#execs.create(id, { Cmd: command, Env: env }, { signal });
    return { exec, stream: await this.#execs.start(exec, { container: id, signal }) };
  }

  /** Sets the size of its terminal, in character cells; 409 before it runs. */
  resize(
    id: string,
    { cols, rows }: { readonly cols: number; readonly rows: number },
    options: CallOptions = {},
  ): Promise<void> {
    const query = { w: cols, h: rows };
    return this.#client.done(on(id, "resize container", "POST", ["resize"], { ...options, query }));
  }

  /**
   * What it printed, as far as its log driver keeps it; of a container with a terminal, its bytes as
   * they were. The last line comes once it is complete, so a prompt is missing.
   *
   * @throws {DockerError} also when it is over 16 MiB
   */
  logs(id: string, options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const query = { stdout: true, stderr: true };
    return this.#client.bytes(on(id, "read the log of container", "GET", ["logs"], {
      ...options,
      query,
    }));
  }

  /** Whether there is something at a path in it, whatever it is; it need not run. */
  async hasFile(id: string, path: string, options: CallOptions = {}): Promise<boolean> {
    const query = { path };
    const call = on(id, "look into container", "HEAD", ["archive"], { ...options, query });
    try {
      await this.#client.done(call);
      return true;
    } catch (error) {
      if (error instanceof DockerError && error.isNotFound) return false;
      throw error;
    }
  }

  /**
   * Unpacks a tar in a folder of it, as root, whatever user it runs as; 404 where there is no such folder.
   * Until the Engine has it all, everything else about the container waits.
   */
  putArchive(
    id: string,
    path: string,
    tar: Uint8Array<ArrayBuffer>,
    { signal }: CallOptions = {},
  ): Promise<void> {
    const call = on(id, "put files into container", "PUT", ["archive"], {
      signal,
      query: { path },
    });
    return this.#client.done({ ...call, tar });
  }

  inspect(id: string, options: CallOptions = {}): Promise<ContainerInspect> {
    return this.#client.json(on(id, "inspect container", "GET", ["json"], options));
  }

  /** One sample, at once; two of them give a rate. */
  stats(id: string, options: CallOptions = {}): Promise<ContainerStats> {
    const query = { stream: "false", "one-shot": true };
    return this.#client.json(on(id, "measure container", "GET", ["stats"], { ...options, query }));
  }

  /**
   * The running ones, or `all`; with every one of `labels`, each `key` or `key=value`, and of `ids`
   * only those. With `size` Docker looks at each of their files, which may take long.
   */
  list(
    { all, labels, ids, size, signal }: CallOptions & {
      readonly all?: boolean;
      readonly labels?: readonly string[];
      readonly ids?: readonly string[];
      readonly size?: boolean;
    } = {},
  ): Promise<ContainerSummary[]> {
    const filters = labels || ids ? JSON.stringify({ label: labels, id: ids }) : undefined;
    return this.#client.json({
      doing: "list containers",
      method: "GET",
      path: ["containers", "json"],
      query: { all, size, filters },
      signal,
    });
  }
}

/** Keys for a query: bytes are no UTF-8, which URLSearchParams would make of them. */
function encodeKeys(keys: string | Uint8Array): string {
  if (typeof keys === "string") return encodeURIComponent(keys);
  return Array.from(keys, (key) => `%${key.toString(16).padStart(2, "0")}`).join("%2C");
}

function on(
  id: string,
  doing: string,
  method: Call["method"],
  below: readonly string[],
  options: Pick<Call, "signal" | "query">,
): Call {
  return { ...options, doing: `${doing} ${id}`, method, path: ["containers", id, ...below] };
}
