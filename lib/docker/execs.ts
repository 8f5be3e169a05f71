/** Further programs in running containers, as the Engine's own calls have them. */
import type { Call, Client } from "./client.ts";
import { type HijackedStream, openHijacked } from "./hijack.ts";
import type { CallOptions } from "./types.ts";

/** What is to run. */
export interface ExecCreate {
  readonly Cmd: readonly string[];
  /** `NAME=value` each; adds to the container's own. */
  readonly Env?: readonly string[] | undefined;
  /** With a terminal, of which the program is the session's leader. */
  readonly Tty?: boolean;
  readonly User?: string;
  readonly WorkingDir?: string;
  /** As in docker-attach(1); what leads out of a terminal. */
  readonly DetachKeys?: string;
}

/** `GET /exec/{id}/json`, in part. */
export interface ExecInspect {
  readonly Running: boolean;
  /** Null while it runs. */
  readonly ExitCode: number | null;
}

/**
 * The calls under `/exec`
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec); each rejects with a
 * `DockerError`, or with its signal's reason.
 */
export class Execs {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Makes one, which does not run yet. @returns its id */
  async create(
    container: string,
    spec: ExecCreate,
    { signal }: CallOptions = {},
  ): Promise<string> {
    const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const { Id } = await this.#client.json<{ Id: string }>({
      doing: `make an exec in container ${container}`,
      method: "POST",
      path: ["containers", container, "exec"],
      body: { ...streams, Tty: false, ...spec },
      signal,
    });
    return Id;
  }

  /**
   * Starts it. The stream is its input and its output, which has Docker's 8-byte headers where there
   * is no terminal; nobody can join it a second time.
   *
   * @param options `signal` governs the opening only
   */
  async start(
    exec: string,
    { container, tty = false, signal }: CallOptions & {
      /** For messages. */
      readonly container: string;
      readonly tty?: boolean;
    },
  ): Promise<HijackedStream> {
    const call: Call = {
      doing: `start an exec in container ${container}`,
      method: "POST",
      path: ["exec", exec, "start"],
      signal,
    };
    return await openHijacked({
      socketPath: this.#client.socketPath,
      target: await this.#client.target(call),
      doing: call.doing,
      body: { Detach: false, Tty: tty },
      owner: `an exec in container ${container}`,
      signal,
    });
  }

  /** Sets the size of its terminal, in character cells. */
  resize(
    exec: string,
    { cols, rows }: { readonly cols: number; readonly rows: number },
    { signal }: CallOptions = {},
  ): Promise<void> {
    return this.#client.done({
      doing: "resize an exec",
      method: "POST",
      path: ["exec", exec, "resize"],
      query: { w: cols, h: rows },
      signal,
    });
  }

  inspect(exec: string, { signal }: CallOptions = {}): Promise<ExecInspect> {
    return this.#client.json({
      doing: "ask how an exec ended",
      method: "GET",
      path: ["exec", exec, "json"],
      signal,
    });
  }

  /** The exit status, after the end of the output: it is known a moment later. Null while it runs. */
  async exitCode(exec: string, { signal }: CallOptions = {}): Promise<number | null> {
    for (let tries = 1;; tries++) {
      const { Running, ExitCode } = await this.inspect(exec, { signal });
      if (!Running && ExitCode !== null) return ExitCode;
      if (tries === EXIT_TRIES) return null;
      await new Promise((resolve) => setTimeout(resolve, EXIT_PAUSE_MS));
    }
  }
}

/** How often that is asked, and how soon again. */
const EXIT_TRIES = 40, EXIT_PAUSE_MS = 5;
