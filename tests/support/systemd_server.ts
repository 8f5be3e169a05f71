/** A server for a test: systemd as PID 1 in a container, with Docker's socket and the checkout. */
import { Docker } from "deno-docker-api";
import { DOCKER_SOCKET, until } from "./gateway.ts";
import { testImage } from "./image.ts";
import { type Outcome, run } from "./run.ts";

/** Made by scripts/setup.sh --tests. */
const IMAGE = "ttygate/test-server:latest";
const CHECKOUT = new URL("../../", import.meta.url).pathname;
/** Where the checkout is on the server, read-only; it runs without a network from there. */
const PLACE = "/opt/ttygate";

/** What systemd needs to be PID 1; CAP_SYS_RESOURCE is not everywhere there to be given. */
const BOOTABLE = [
  ...["--cap-add=ALL", "--cap-drop=SYS_RESOURCE"],
  ...["--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"],
  ...["--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp"],
  ...["--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw"],
];

/**
 * systemd would mount every cgroup controller of the kernel that is not mounted yet. The machine's
 * own Docker daemon cannot find those: until they are gone again it sees no container run out of
 * memory. So here the kernel seems to have those only that the machine uses.
 */
const BOOT = `
while read -r name rest; do
  case $name in "#"*) ;; *) grep -q "/sys/fs/cgroup/$name " /proc/self/mountinfo || continue ;; esac
  echo "$name	$rest"
done </proc/cgroups >/run/cgroups
mount --bind /run/cgroups /proc/cgroups
exec /sbin/init
`;

/** A booted server. Its sessions' containers are its siblings: it uses the same Docker daemon. */
export class SystemdServer implements AsyncDisposable {
  readonly docker = new Docker({ socketPath: DOCKER_SOCKET });
  readonly #removeAtExit = () => void this.#removeSync();
  #address = "";
  #gateway = "";

  private constructor(
    readonly name: string,
    /** The value of `docker.instance` for what is installed on it. */
    readonly instance: string,
  ) {
    addEventListener("unload", this.#removeAtExit);
  }

  /**
   * Boots a server; nothing is installed on it.
   *
   * @param image what it boots, in the place of a server without a Docker daemon of its own
   */
  static async boot({ image = IMAGE }: { image?: string } = {}): Promise<SystemdServer> {
    const random = crypto.randomUUID().slice(0, 8);
    const server = new SystemdServer(`ttygate-test-server-${random}`, `test-${random}`);
    try {
      await server.#boot(image);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Its address in Docker's default network. */
  get address(): string {
    return this.#address;
  }

  /** This machine's address as it sees it. */
  get gateway(): string {
    return this.#gateway;
  }

  /** Runs a shell script as root on it and returns what it printed; throws when it fails. */
  async run(script: string, stdin = ""): Promise<string> {
    const { code, stdout, stderr } = await this.try(script, stdin);
    if (code !== 0) throw new Error(`"${script}" ended with ${code}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  }

  /** Runs a shell script as root on it. */
  try(script: string, stdin = ""): Promise<Outcome> {
    return dockerCommand(["exec", "--interactive", this.name, "sh", "-ec", script], stdin);
  }

  /** Writes a file on it, and its directory where that is missing. */
  async write(path: string, text: string): Promise<void> {
    await this.run(`mkdir -p "$(dirname ${path})" && cat > ${path}`, text);
  }

  /** Copies a file of this machine to it, as an administrator would bring it there. */
  async bring(path: string, to: string): Promise<void> {
    const { code, stderr } = await dockerCommand(["cp", path, `${this.name}:${to}`]);
    if (code !== 0) throw new Error(`Cannot copy ${path} to the server: ${stderr}`);
  }

  /** A property of a unit, such as "MainPID" of "ttygate.service". */
  property(unit: string, property: string): Promise<string> {
    return this.run(`systemctl show --value -p ${property} ${unit}`);
  }

  /** The names of the groups that a service's process is in, sorted. */
  async groups(service: string): Promise<string[]> {
    const pid = await this.property(`${service}.service`, "MainPID");
    const names = await this.run(
      `sed -n 's/^Groups:\\s*//p' /proc/${pid}/status | xargs -n1 getent group | cut -d: -f1`,
    );
    return names.split("\n").sort();
  }

  /** Messages in the journal, one a line; `filter` is as journalctl(1) has it. */
  async journal(filter: string): Promise<string[]> {
    const text = await this.run(`journalctl --sync && journalctl -q --no-pager -o cat ${filter}`);
    return text.split("\n").filter((line) => line !== "");
  }

  /** Containers of the gateway that is installed on it, whatever their state. */
  containers() {
    const labels = [`ttygate.instance=${this.instance}`];
    return this.docker.containers.list({ all: true, labels });
  }

  /** Makes a container that looks like a session's and is nobody's; returns its name. */
  async makeOrphan(session: string): Promise<string> {
    const name = `ttygate-${this.instance}-${session}`;
    const labels = { instance: this.instance, role: "session", session, user: "nobody" };
    const { code, stderr } = await dockerCommand([
      "create",
      `--name=${name}`,
      ...Object.entries(labels).map(([key, value]) => `--label=ttygate.${key}=${value}`),
      testImage(),
    ]);
    if (code !== 0) throw new Error(`Cannot make an orphan: ${stderr}`);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    removeEventListener("unload", this.#removeAtExit);
    await dockerCommand(["rm", "--force", "--volumes", this.name]);
    for (const { Id } of await this.containers()) {
      await this.docker.containers.remove(Id, { force: true, volumes: true });
    }
    this.docker[Symbol.dispose]();
  }

  async #boot(image: string): Promise<void> {
    const { code, stderr } = await dockerCommand([
      ...["run", "--detach", `--name=${this.name}`, "--hostname=server", ...BOOTABLE],
      ...(image === IMAGE ? [`--volume=${DOCKER_SOCKET}:/run/docker.sock`] : []),
      `--volume=${CHECKOUT}:${PLACE}:ro`,
      ...[image, "sh", "-ec", BOOT],
    ]);
    if (code !== 0) {
      throw new Error(`Cannot start a server: ${stderr}; run scripts/setup.sh --tests`);
    }
    await until(async () => {
      const { stdout, stderr } = await this.try("systemctl is-system-running --wait");
      if (/is not running/.test(stderr)) throw new Error(`systemd does not boot: ${stderr}`);
      // Degraded, when a unit that is not ours does not fare well in a container.
      return /^(running|degraded)/.test(stdout);
    });
    const { NetworkSettings: { Networks } } = JSON.parse(
      (await dockerCommand(["container", "inspect", "--format={{json .}}", this.name])).stdout,
    );
    this.#address = Networks.bridge.IPAddress;
    this.#gateway = Networks.bridge.Gateway;
  }

  #removeSync(): void {
    const remove = `docker --host unix://${DOCKER_SOCKET} rm --force`;
    const siblings = `docker --host unix://${DOCKER_SOCKET} ps --all --quiet ` +
      `--filter label=ttygate.instance=${this.instance}`;
    new Deno.Command("sh", { args: ["-c", `${remove} ${this.name} $(${siblings})`] }).outputSync();
  }
}

function dockerCommand(args: readonly string[], stdin = ""): Promise<Outcome> {
  return run("docker", ["--host", `unix://${DOCKER_SOCKET}`, ...args], { stdin });
}
