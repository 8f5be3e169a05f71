/** A Docker daemon of its own, for tests that stop, kill and restart it; needs root. */
import { Docker } from "deno-docker-api";
import { join } from "node:path";
import { DOCKER_SOCKET, until } from "./gateway.ts";
import { testImage } from "./image.ts";
import { run } from "./run.ts";

/** Below the ordinary shutdown of dockerd, which gives each container ten seconds. */
const STOP_MS = 40_000;

/** How a daemon differs from the default. */
export interface DaemonOptions {
  readonly liveRestore: boolean;
  /** The network namespace it runs in, with a bridge and a firewall as it makes them by itself. */
  readonly netns?: string;
  /** Where its data is, instead of in its temporary directory. */
  readonly dataRoot?: string;
  /** More arguments of dockerd(8). */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * One daemon, its containerd and its files, in a temporary directory that must be on a file system
 * overlay2 can use. Without a namespace it has no networks, so `container.network` must be "none".
 */
export class DockerDaemon implements AsyncDisposable {
  readonly docker: Docker;
  /** Where it listens. */
  readonly socket: string;
  #process: Deno.ChildProcess | null = null;
  readonly #endAtExit = () => this.#signal("SIGKILL");

  private constructor(
    private readonly dir: string,
    private readonly options: DaemonOptions,
    /** Whether its containers outlive it (dockerd(8)); counts from the next `start` on. */
    public liveRestore = options.liveRestore,
  ) {
    this.socket = join(dir, "docker.sock");
    this.docker = new Docker({ socketPath: this.socket });
    addEventListener("unload", this.#endAtExit);
  }

  /** Starts one and gives it the test image. */
  static async start(options: DaemonOptions): Promise<DockerDaemon> {
    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const daemon = new DockerDaemon(dir, options);
    try {
      await daemon.start();
      await daemon.#loadImage();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it again after `stop` or `kill`; resolves when it answers. */
  async start(): Promise<void> {
    const log = await Deno.open(join(this.dir, "log"), { create: true, append: true });
    const { netns, dataRoot = join(this.dir, "data"), args = [], env = {} } = this.options;
    // In a network of its own: with --bridge=none it would take the server's docker0 away.
    const noNetwork = [
      "--bridge=none",
      "--iptables=false",
      "--ip-masq=false",
      "--ip-forward=false",
    ];
    this.#process = new Deno.Command(netns ? "nsenter" : "unshare", {
      args: [
        ...[netns ? `--net=/run/netns/${netns}` : "--net", "dockerd"],
        `--host=unix://${this.socket}`,
        `--data-root=${dataRoot}`,
        `--exec-root=${join(this.dir, "run")}`,
        `--pidfile=${join(this.dir, "pid")}`,
        ...(netns ? [] : noNetwork),
        ...(this.liveRestore ? ["--live-restore"] : []),
        ...args,
      ],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    void this.#process.stderr.pipeTo(log.writable).catch(() => {});
    const { status } = this.#process;
    const died = status.then(async ({ code }) => {
      const text = await Deno.readTextFile(join(this.dir, "log"));
      throw new Error(`dockerd ended with ${code} before it answered: ${text.slice(-2000)}`);
    });
    died.catch(() => {});
    const answers = () => this.docker.ping().then(() => true, () => false);
    await Promise.race([until(answers), died]);
  }

  /** The process of dockerd(8) itself. */
  get pid(): number {
    if (this.#process === null) throw new Error("the daemon does not run");
    return this.#process.pid;
  }

  /** Stops it in an orderly manner; without live-restore its containers are stopped first. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Ends it as a crash does; its containers run on. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    await this.#endContainerd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    removeEventListener("unload", this.#endAtExit);
    try {
      // Containers that outlived their daemon are ended by one that knows them.
      if (this.#process === null) await this.start();
      const containers = await this.docker.containers.list({ all: true });
      await Promise.all(
        containers.map(({ Id }) => this.docker.containers.remove(Id, { force: true })),
      );
    } finally {
      await this.stop();
      this.docker[Symbol.dispose]();
      await this.#endContainerd();
      await this.#unmount();
      await Deno.remove(this.dir, { recursive: true });
    }
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process?.kill(signal);
    } catch {
      // It is gone already.
    }
  }

  async #end(signal: Deno.Signal): Promise<void> {
    if (this.#process === null) return;
    const { status } = this.#process;
    this.#signal(signal);
    const timer = setTimeout(() => this.#signal("SIGKILL"), STOP_MS);
    await status;
    clearTimeout(timer);
    this.#process = null;
  }

  async #loadImage(): Promise<void> {
    const image = testImage();
    const from = `docker --host unix://${DOCKER_SOCKET} save ${image}`;
    const to = `docker --host unix://${this.socket} load --quiet`;
    const { code, stderr } = await run("sh", ["-c", `${from} | ${to}`]);
    if (code !== 0) throw new Error(`Cannot load ${image}: ${stderr}`);
  }

  /** A daemon that was killed may leave its containerd; and the next one is misled by its file. */
  async #endContainerd(): Promise<void> {
    const path = join(this.dir, "run/containerd/containerd.pid");
    const pid = Number(await Deno.readTextFile(path).catch(() => ""));
    const isOurs = async () => {
      const command = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
      return command.includes(this.dir); // a zombie has no command
    };
    if (pid > 0 && await isOurs()) {
      Deno.kill(pid, "SIGKILL");
      await until(async () => !await isOurs());
    }
    await Deno.remove(path).catch(() => {});
  }

  /** Mounts of containers and of network namespaces, the inner ones first. */
  async #unmount(): Promise<void> {
    const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n")
      .map((line) => line.split(" ")[1] ?? "")
      .filter((path) => path.startsWith(`${this.dir}/`));
    for (const path of mounts.reverse()) await run("umount", ["--lazy", path]);
  }
}
