/** This machine's own shell as an engine of sessions: a terminal that script(1) makes, for one user. */
import { concat } from "../bytes.ts";
import { settlesWithin, systemClock } from "../clock.ts";
import type { Limits, Winsize } from "../types.ts";
import type { ContainerIdentity, ShellStream } from "./engine.ts";
import { EngineError } from "./errors.ts";
import {
  type HostShellSpec,
  type Means,
  SHELL_ENV,
  shellCommand,
  sideCommand,
  stopCommand,
  type User,
} from "./host_command.ts";

/** Before the ids of its shells, which stand for those of containers. */
const PREFIX = "host-";
/** How long a shell may take to say where its terminal is, and how much it may say by then. */
const START_MS = 10_000, START_BYTES = 64 * 1024;
/** How long a shell may take to end by itself. */
const END_MS = 5_000;
const NUL = 0;

/** Whether an id is one of its shells. */
export function isHostShell(container: string): boolean {
  return container.startsWith(PREFIX);
}

/** Finds out by what means this process, which may be a service, can run shells. */
export async function findMeans(service: string | null): Promise<Means> {
  const root = Deno.uid() === 0;
  const runtime = root ? "/run" : Deno.env.get("XDG_RUNTIME_DIR");
  const systemd = runtime !== undefined &&
    await Deno.stat(`${runtime}/systemd/${root ? "system" : "private"}`)
      .then(() => true, () => false);
  return { root, systemd, service };
}

/**
 * The user whose shells are to be offered.
 *
 * @throws {Error} when there is none, or this process cannot become that user
 */
export async function findUser(wanted: string, { root }: Means): Promise<User> {
  const passwd = await Deno.readTextFile("/etc/passwd");
  const [name, , uid, gid] = passwd.split("\n").map((line) => line.split(":"))
    .find(([name]) => name === wanted) ?? [];
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new Error(`Cannot offer the shell of this machine: it has no user ${wanted}`);
  }
  if (Number(uid) === 0) {
    throw new Error("Cannot offer the shell of this machine: it would be root's");
  }
  if (!root && Number(uid) !== Deno.uid()) {
    throw new Error(
      `Cannot offer the shell of this machine: the agent is not root, and cannot become ${wanted}; ` +
        "run it as root, or set agent.shell_user to its own user",
    );
  }
  return { name, uid, gid };
}

/** Which shells. */
export interface HostEngineOptions {
  /** Before the names of its units. */
  readonly instance: string;
  readonly user: User;
  readonly means: Means;
}

/** Owns the shells: disposing it ends them. */
export class HostEngine implements AsyncDisposable {
  readonly #options: HostEngineOptions;
  readonly #shells = new Map<string, HostShell>();

  private constructor(options: HostEngineOptions) {
    this.#options = options;
  }

  /** Ends what an agent left that was killed: nobody can join it again. */
  static async start(options: HostEngineOptions): Promise<HostEngine> {
    const { instance, means } = options;
    const left = stopCommand(`ttygate-shell-${instance}-*`, means);
    if (left) await run(left).catch(() => {}); // there is none
    return new HostEngine(options);
  }

  /** Starts a shell, which waits until somebody reads. @returns its id */
  create(
    { session, expires }: ContainerIdentity,
    limits: Limits,
    winsize: Winsize,
  ): string {
    const { instance, user, means } = this.#options;
    const lifetimeSeconds = Math.max(60, expires - Math.floor(Date.now() / 1000));
    const unit = `ttygate-shell-${instance}-${session}`;
    const id = PREFIX + session;
    const shell = new HostShell({ unit, user, limits, lifetimeSeconds }, means, winsize);
    this.#shells.set(id, shell);
    return id;
  }

  /** @throws {EngineError} when it has ended, and is not known any more */
  shell(id: string): HostShell {
    const shell = this.#shells.get(id);
    if (shell) return shell;
    const message = "Cannot reach the shell of this machine: it ended with its agent";
    throw new EngineError(message, { answer: "missing" });
  }

  async end(id: string): Promise<void> {
    await this.#shells.get(id)?.end();
    this.#shells.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#shells.keys()].map((id) => this.end(id)));
  }
}

/** One of them. */
export class HostShell implements ShellStream {
  readonly #spec: HostShellSpec;
  readonly #means: Means;
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Its terminal, once it has said where that is. */
  readonly #tty: Promise<string>;
  #rest: Uint8Array = new Uint8Array();
  writtenBytes = 0;
  /** The status that it exits with. */
  readonly exitCode: Promise<number>;

  constructor(spec: HostShellSpec, means: Means, { rows, cols }: Winsize) {
    [this.#spec, this.#means] = [spec, means];
    const start = [
      `stty rows ${rows} cols ${cols}`,
      // Between two bytes that no program prints before its shell does.
      String.raw`printf '\0%s\0' "$(tty)"`,
      'entry=$(getent passwd "$(id -un)")',
      "export SHELL=${entry##*:}; entry=${entry%:*}; export HOME=${entry##*:}",
      'case "$SHELL" in *nologin | *false | "") SHELL=/bin/bash ;; esac',
      'cd "$HOME" 2>/dev/null || cd /',
      'exec "$SHELL" -l',
    ].join("; ");
    const script = ["script", "--quiet", "--return", "--flush", "--command", start, "/dev/null"];
    const [program, ...args] = shellCommand(spec, means, script);
    this.#child = new Deno.Command(program!, {
      args,
      env: { ...cleanEnv(), ...SHELL_ENV, SHELL: "/bin/sh" },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reader = this.#child.stdout.getReader();
    this.#writer = this.#child.stdin.getWriter();
    this.#writer.closed.catch(() => {}); // a write hears of it
    this.exitCode = this.#child.status.then(({ code }) => code);
    this.#tty = this.#begin();
    this.#tty.catch(() => {}); // ready() hears of it
  }

  /** Resolves once its terminal is there. @throws {EngineError} when there is none in time */
  async ready(): Promise<void> {
    if (await settlesWithin(this.#tty.catch(() => {}), START_MS, systemClock)) {
      await this.#tty;
      return;
    }
    throw new EngineError("Cannot start the shell of this machine: it takes too long", {
      answer: "refused",
    });
  }

  async resize({ rows, cols }: Winsize): Promise<void> {
    const stty = ["stty", "-F", await this.#tty, "rows", String(rows), "cols", String(cols)];
    await run(sideCommand(this.#spec.user, this.#means, stty));
  }

  async read(maxBytes: number): Promise<Uint8Array | null> {
    await this.#tty;
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest = value;
    }
    const bytes = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(maxBytes);
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
    this.writtenBytes += bytes.length;
  }

  /** Ends it with all that it started; resolves when it is gone. */
  async end(): Promise<void> {
    await this.#writer.abort().catch(() => {});
    const stop = stopCommand(this.#spec.unit, this.#means);
    if (stop) await run(stop).catch(() => {}); // it has ended by itself
    else this.#kill("SIGTERM");
    const gone = settlesWithin(this.exitCode, END_MS, systemClock);
    this.#reader.cancel().catch(() => {});
    if (!await gone) this.#kill("SIGKILL");
    await this.exitCode;
  }

  /** Its viewers are gone; it lives on until it is ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It is gone already.
    }
  }

  /** @returns what it says before its first output */
  async #begin(): Promise<string> {
    const errors = new Response(this.#child.stderr).text().catch(() => "");
    let heard: Uint8Array<ArrayBuffer> = new Uint8Array();
    while (heard.length < START_BYTES) {
      const begin = heard.indexOf(NUL);
      const end = begin < 0 ? -1 : heard.indexOf(NUL, begin + 1);
      if (end >= 0) {
        this.#rest = heard.subarray(end + 1);
        return new TextDecoder().decode(heard.subarray(begin + 1, end));
      }
      const { done, value } = await this.#reader.read();
      if (done) break;
      heard = concat([heard, value]);
    }
    const why = (await errors).trim().split("\n")[0] || "it ended at once";
    throw new EngineError(`Cannot start the shell of this machine: ${why}`, { answer: "refused" });
  }
}

/** What these programs need, and nothing that is the agent's own. */
function cleanEnv(): Record<string, string> {
  const names = ["PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
  return Object.fromEntries(
    names.map((name) => [name, Deno.env.get(name)])
      .filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

async function run([program, ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim();
  throw new EngineError(`Cannot run ${program}: ${why}`, { answer: "refused" });
}
