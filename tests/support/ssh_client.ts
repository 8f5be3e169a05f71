/** Debian's ssh(1), as a person runs it, with a home of its own. */
import { join } from "node:path";
import { run } from "./run.ts";
import { type TestGateway, until } from "./gateway.ts";

const GIVE_UP_S = "60";

/** Where a gateway takes SSH: it was started with `SSH_ENV`. */
export const SSH_ENV = { TTYGATE_SSH_LISTEN: "127.0.0.1:0" } as const;

export async function sshPort(gateway: TestGateway): Promise<number> {
  const [, port] = await gateway.logged(/listening on ssh:\/\/127\.0\.0\.1:(\d+)/);
  return Number(port);
}

/** Somebody's home: the keys that they have, and the hosts that they know. */
export class SshHome implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "ttygate-test-" });

  get knownHosts(): string {
    return join(this.dir, "known_hosts");
  }

  /** Makes a key. @returns its path; that of its public half ends in .pub */
  async makeKey(name: string, ...args: string[]): Promise<string> {
    const path = join(this.dir, name);
    const all = ["-q", "-N", "", "-C", `alice@${name}`, "-f", path, ...args];
    const { code, stderr } = await run("ssh-keygen", all);
    if (code !== 0) throw new Error(stderr);
    return path;
  }

  /** `password` or `key` is what they log in by; what is neither is an option or a command. */
  open(
    port: number,
    user: string,
    args: readonly string[],
    { password, key, host = "127.0.0.1" }: {
      readonly password?: string;
      readonly key?: string;
      readonly host?: string;
    },
  ): SshClient {
    const by = key === undefined
      ? ["-o", "PubkeyAuthentication=no"]
      : ["-i", key, "-o", "IdentitiesOnly=yes", "-o", "PasswordAuthentication=no"];
    const options = args.filter((arg) => arg.startsWith("-"));
    const command = args.filter((arg) => !arg.startsWith("-"));
    return new SshClient(
      [
        ...["timeout", GIVE_UP_S, "sshpass", "-e", "ssh", "-F", "/dev/null", "-p", `${port}`],
        ...[
          "-o",
          `UserKnownHostsFile=${this.knownHosts}`,
          "-o",
          "StrictHostKeyChecking=accept-new",
        ],
        ...["-o", "NumberOfPasswordPrompts=1", ...by, ...options, `${user}@${host}`, ...command],
      ],
      { SSHPASS: password ?? "", HOME: this.dir },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** One run of it. */
export class SshClient implements AsyncDisposable {
  output = "";
  errors = "";
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<unknown>;

  constructor([program, ...args]: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = new Deno.Command(program!, {
      args,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    const read = async (from: ReadableStream<Uint8Array>, take: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const bytes of from) take(decoder.decode(bytes, { stream: true }));
    };
    this.#read = Promise.all([
      read(this.#child.stdout, (text) => this.output += text),
      read(this.#child.stderr, (text) => this.errors += text),
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async type(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Ends its input. */
  async close(): Promise<void> {
    await this.#writer.close();
  }

  async see(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    await until(() => (match = pattern.exec(this.output)) !== null).catch((cause) => {
      throw new Error(`never saw ${pattern}:\n${this.output}\n${this.errors}`, { cause });
    });
    return match!;
  }

  /** Its exit status, once it has ended. */
  async status(): Promise<number> {
    const [{ code }] = await Promise.all([this.#child.status, this.#read]);
    return code;
  }

  /** Cuts its connection, as a person does who closes the lid. */
  cut(): void {
    this.#child.kill("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    try {
      this.cut();
    } catch {
      // It has ended already.
    }
    await this.status();
  }
}
