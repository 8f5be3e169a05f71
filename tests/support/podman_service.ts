/** A Podman service of its own for tests, with Docker's API on a socket; needs root. */
import { Docker } from "deno-docker-api";
import { join } from "node:path";
import { DOCKER_SOCKET, until } from "./gateway.ts";
import { testImage } from "./image.ts";
import { Netns } from "./netns.ts";
import { run } from "./run.ts";

/** Of capabilities(7), to raise limits. */
const CAP_SYS_RESOURCE = 24n;

/**
 * One service and its files, in a temporary directory that must be on a file system overlay can use, and
 * in a network namespace. With the machine's own Podman, and with others of these, it shares the
 * addresses in /run/containers/networks that are given away, and nothing else.
 */
export class PodmanService implements AsyncDisposable {
  readonly docker: Docker;
  /** Where it listens. */
  readonly socket: string;
  #process: Deno.ChildProcess | null = null;
  readonly #endAtExit = () => this.#process?.kill("SIGKILL");

  private constructor(private readonly dir: string, private readonly netns: Netns) {
    this.socket = join(dir, "podman.sock");
    this.docker = new Docker({ socketPath: this.socket });
    addEventListener("unload", this.#endAtExit);
  }

  /** Whether Podman is on this machine, with what its networks need. */
  static async isInstalled(): Promise<boolean> {
    return (await run("sh", ["-c", "command -v podman && test -x /usr/lib/podman/netavark"]))
      .code === 0;
  }

  /** Starts one and gives it the test image. */
  static async start(): Promise<PodmanService> {
    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const service = new PodmanService(dir, await Netns.make("podman"));
    try {
      await Deno.writeTextFile(join(dir, "containers.conf"), await settings(dir));
      await service.#start();
      await service.#loadImage();
      return service;
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends it as a crash does, its containers go on; and starts it again. */
  async restart(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    await this.#start();
  }

  /** Loads ttygate's rules for what containers may reach, as ttygate-egress.service does. */
  async loadRules(): Promise<void> {
    const rules = new URL("../../scripts/packaging/egress.nft", import.meta.url).pathname;
    await this.netns.run(`nft --file ${rules}`);
  }

  /** Ends it in an orderly manner, its containers before it. */
  async [Symbol.asyncDispose](): Promise<void> {
    removeEventListener("unload", this.#endAtExit);
    const { containers } = this.docker;
    try {
      for (const { Id } of await containers.list({ all: true })) {
        await containers.remove(Id, { force: true, volumes: true });
      }
    } finally {
      this.docker[Symbol.dispose]();
      this.#process?.kill("SIGTERM");
      await this.#process?.status;
      await this.#endConmons();
      await this.#unmount();
      await this.netns[Symbol.asyncDispose]();
      await Deno.remove(this.dir, { recursive: true });
    }
  }

  async #start(): Promise<void> {
    const log = await Deno.open(join(this.dir, "log"), { create: true, append: true });
    this.#process = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${this.netns.name}`, "podman"],
        ...[`--root=${join(this.dir, "root")}`, `--runroot=${join(this.dir, "run")}`],
        ...["system", "service", "--time=0", `unix://${this.socket}`],
      ],
      env: { CONTAINERS_CONF: join(this.dir, "containers.conf") },
      // What conmon(8) leaves lands here.
      cwd: this.dir,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    void this.#process.stderr.pipeTo(log.writable).catch(() => {});
    const died = this.#process.status.then(async ({ code }) => {
      const text = await Deno.readTextFile(join(this.dir, "log"));
      throw new Error(`podman ended with ${code} before it answered: ${text.slice(-2000)}`);
    });
    died.catch(() => {});
    const answers = () => this.docker.ping().then(() => true, () => false);
    await Promise.race([until(answers), died]);
  }

  async #loadImage(): Promise<void> {
    const from = `docker --host unix://${DOCKER_SOCKET} save ${testImage()}`;
    const to = `docker --host unix://${this.socket} load --quiet`;
    const { code, stderr } = await run("sh", ["-c", `${from} | ${to}`]);
    if (code !== 0) throw new Error(`Cannot load ${testImage()}: ${stderr}`);
  }

  /** The conmon(8) of a program that was run in a container stays for five minutes, and writes then. */
  async #endConmons(): Promise<void> {
    const commandOf = (pid: string) => Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    const isOurs = async (pid: string) => (await commandOf(pid)).includes(this.dir);
    const pids = Array.from(Deno.readDirSync("/proc"), ({ name }) => name)
      .filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      if (!await isOurs(pid)) continue;
      Deno.kill(Number(pid), "SIGKILL");
      await until(async () => !await isOurs(pid));
    }
  }

  /** Its storage is a mount of its own, and what containers had may be. */
  async #unmount(): Promise<void> {
    const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n")
      .map((line) => line.split(" ")[1] ?? "")
      .filter((path) => path.startsWith(`${this.dir}/`));
    for (const path of mounts.reverse()) await run("umount", ["--lazy", path]);
  }
}

/** containers.conf(5): everything that would be the machine's is below the directory. */
async function settings(dir: string): Promise<string> {
  return `
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
runtime = "runc"
static_dir = "${dir}/static"
tmp_dir = "${dir}/tmp"
volume_path = "${dir}/volumes"
[engine.runtimes]
runc = ["${await runtime(dir)}"]
[network]
network_backend = "netavark"
network_config_dir = "${dir}/networks"
`;
}

/**
 * The runtime. Podman asks for the highest RLIMIT_NPROC whatever it is told, which fails where root
 * may not raise limits: there the wish is taken away before the runtime sees it.
 */
async function runtime(dir: string): Promise<string> {
  const { stdout } = await run("sh", ["-c", "command -v runc"]);
  const runc = stdout.trim();
  const status = await Deno.readTextFile("/proc/self/status");
  const capabilities = BigInt(`0x${/^CapEff:\s*(\S+)/m.exec(status)![1]}`);
  if ((capabilities >> CAP_SYS_RESOURCE & 1n) === 1n) return runc;
  const path = join(dir, "runc");
  await Deno.writeTextFile(
    path,
    `#!/bin/sh
for word; do
  case "$last" in --bundle) file=$word/config.json ;; --process) file=$word ;; esac
  last=$word
done
[ -z "$file" ] || sed -i 's/{"type":"RLIMIT_NPROC"[^}]*},\\{0,1\\}//; s/,\\]/]/' "$file"
exec ${runc} "$@"
`,
    { mode: 0o755 },
  );
  return path;
}
