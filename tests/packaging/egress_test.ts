/** Proves what containers reach under the rules, and still reach, in networks made of namespaces. */
import { assert, assertEquals } from "@std/assert";
import { createLog } from "../../lib/log.ts";
import { DockerNetwork } from "../../lib/sessions/docker_network.ts";
import { DockerDaemon } from "../support/docker_daemon.ts";
import { until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { Netns } from "../support/netns.ts";
import { run } from "../support/run.ts";

const PACKAGING = new URL("../../scripts/packaging/", import.meta.url);

/** The internet's, the private network's and the server's addresses; the port that is tried. */
const INTERNET = ["11.22.33.44", "2a00:1:2::44"] as const;
const PRIVATE = [
  ...["10.20.0.2", "172.16.5.5", "192.168.7.7", "100.64.0.9", "100.100.100.200"],
  ...["169.254.169.254", "168.63.129.16", "fd00:ec2::254", "fd12::9"],
] as const;
const SERVER = ["11.22.33.1", "10.20.0.1", "2a00:1:2::1", "fd00:ec2::1"] as const;
const NAME_SERVER = "10.20.0.53";
const PORT = 80;

/** Docker's two ways to write its own rules, and none at all: its "iptables": false. */
const BACKENDS = ["iptables-nft", "iptables-legacy", "none"];
/** Whom Docker itself keeps apart. */
const OTHERS = ["plain", "guest"];

for (const backend of BACKENDS) {
  Deno.test(`containers reach the internet only, beside the backend ${backend}`, async (t) => {
    await using lab = await Lab.make(backend);
    const { daemon, server } = lab;

    await t.step("without the rules they reach all there is", async () => {
      const others = backend === "none" ? OTHERS.map((name) => lab.addresses[name]!) : [];
      const expected = [...lab.all, ...others];
      // An IPv6 address of a bridge is not there for a second.
      await until(async () => (await lab.reached()).join() === expected.join(), 60_000);
      assertEquals(await lab.resolves(), true);
    });

    await lab.load();

    await t.step("with them the internet alone, by both families, and names", async () => {
      assertEquals(await lab.reached(), [...INTERNET]);
      assertEquals(await lab.resolves(), true);
    });

    // What follows is the rules' own: it is the same beside all of them.
    if (backend !== BACKENDS[0]) return;

    await t.step("the server reaches them, and their answers come", async () => {
      assertEquals(
        await server.run(
          `timeout 3 bash -c 'exec 3<>/dev/tcp/${lab.addresses.guest}/${PORT}; head -c 5 <&3'`,
        ),
        "hello",
      );
    });

    await t.step("a container has a share of the connections that the server follows", async () => {
      const send = `perl -e 'use Socket; socket my $s, PF_INET, SOCK_DGRAM, 0; my $to = ` +
        `inet_aton("${INTERNET[0]}"); send $s, "x", 0, sockaddr_in $_, $to for 1..9000'`;
      assertEquals((await lab.exec("guest", send)).code, 0);
      const count = Number(await server.run("cat /proc/sys/net/netfilter/nf_conntrack_count"));
      // Connections of before, and of others, are among them.
      assert(count > 3_000 && count < 6_000, `${count} are followed`);
      assertEquals(await lab.reached(), [...INTERNET]);
    });

    await t.step("a container of another network goes on as it did", async () => {
      assertEquals(await lab.reaches("plain", "10.20.0.2"), true);
      assertEquals(await lab.reaches("plain", SERVER[0]), true);
    });

    await t.step(
      "they hold when Docker has been away, and when they are loaded again",
      async () => {
        await daemon.stop();
        await daemon.start();
        await lab.restartContainers();
        await lab.load();
        assertEquals(await lab.reached(), [...INTERNET]);
      },
    );

    await t.step("an administrator allows an address, or a service of the server", async () => {
      await lab.load(
        "add rule inet ttygate allowed ip daddr 10.20.0.0/24 tcp dport 80 accept",
        "add rule inet ttygate allowed ip6 daddr fd00:ec2::1 accept",
      );
      assertEquals(await lab.reached(), [...INTERNET, "10.20.0.2", "10.20.0.1", "fd00:ec2::1"]);
    });

    await t.step("or nothing but what is allowed", async () => {
      await lab.load(
        "add rule inet ttygate allowed ip daddr 192.168.7.7 accept",
        "flush chain inet ttygate internet",
      );
      assertEquals(await lab.reached(), ["192.168.7.7"]);
      assertEquals(await lab.resolves(), true);
    });

    await t.step("or some name servers only, which Docker asks from there", async () => {
      const none = "flush chain inet ttygate resolvers";
      await lab.load(none);
      assertEquals(await lab.resolves(), false);
      await lab.load(none, `add rule inet ttygate resolvers ip daddr ${NAME_SERVER} accept`);
      assertEquals(await lab.resolves(), true);
      await lab.load(
        "add rule inet ttygate allowed ip daddr 192.168.7.7 accept",
        "flush chain inet ttygate internet",
      );
    });

    await t.step("a file with a mistake changes nothing", async () => {
      const { code } = await lab.tryLoad("add rule inet ttygate allowed ip daddr nonsense accept");
      assertEquals(code, 1);
      assertEquals(await lab.reached(), ["192.168.7.7"]);
    });
  });
}

/** A server with Docker between the internet and a private network. */
class Lab implements AsyncDisposable {
  addresses: Record<string, string> = {};

  private constructor(
    readonly server: Netns,
    readonly daemon: DockerDaemon,
    private readonly dir: string,
    private readonly made: AsyncDisposableStack,
  ) {}

  static async make(backend: string): Promise<Lab> {
    await using made = new AsyncDisposableStack();
    const [server, internet, near] = [
      made.use(await Netns.make("server")),
      made.use(await Netns.make("internet")),
      made.use(await Netns.make("near")),
    ];
    const [v4, v6] = INTERNET;
    await Netns.link(
      { ns: server, name: "wan", addresses: ["11.22.33.1/24", "2a00:1:2::1/64"] },
      { ns: internet, name: "eth0", addresses: [`${v4}/24`, `${v6}/64`] },
    );
    await Netns.link(
      { ns: server, name: "lan", addresses: ["10.20.0.1/24", "fd00:ec2::1/64"] },
      {
        ns: near,
        name: "eth0",
        addresses: [...PRIVATE.map((address) => address.includes(":") ? `${address}/64` : address)]
          .map((address) => address === "10.20.0.2" ? `${address}/24` : address)
          .concat(`${NAME_SERVER}/24`),
      },
    );
    await internet.run(
      "ip route add default via 11.22.33.1; ip -6 route add default via 2a00:1:2::1",
    );
    await near.run("ip route add default via 10.20.0.1; ip -6 route add default via fd00:ec2::1");
    for (const address of PRIVATE.filter((address) => !/^(10\.20|fd00:ec2)/.test(address))) {
      await server.run(`ip route add ${address} dev lan`);
    }
    await server.run("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1");
    await Promise.all([server.listen(PORT), internet.listen(PORT), near.listen(PORT)]);
    await near.serve(NAMES);

    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    made.defer(() => Deno.remove(dir, { recursive: true }));
    const writesRules = backend !== "none";
    if (!writesRules) {
      await server.run(
        "nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; " +
          "add rule ip nat post oifname { wan, lan } masquerade'",
      );
    }
    for (const name of writesRules ? ["iptables", "ip6tables"] : []) {
      const program = backend.replace("iptables", name);
      await Deno.symlink(`/usr/sbin/${program}`, `${dir}/${name}`);
    }
    const daemon = made.use(
      await DockerDaemon.start({
        liveRestore: false,
        netns: server.name,
        args: [`--dns=${NAME_SERVER}`, ...(writesRules ? [] : ["--iptables=false"])],
        env: { PATH: `${dir}:${Deno.env.get("PATH")}` },
      }),
    );
    const lab = new Lab(server, daemon, dir, made.move());
    try {
      await lab.#startContainers();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Every address that is tried. */
  get all(): string[] {
    return [...INTERNET, ...PRIVATE, ...SERVER, ...this.#own];
  }

  /** The bridges' own addresses on the server. */
  get #own(): string[] {
    return ["172.30.1.1", "2a00:1:3::1"];
  }

  /** Which addresses a container with IPv6 reaches, on a network as ttygate makes them. */
  reached(): Promise<string[]> {
    return this.#tried("guest6", [...this.all, ...OTHERS.map((name) => this.addresses[name]!)]);
  }

  async reaches(container: string, address: string): Promise<boolean> {
    return (await this.#tried(container, [address])).length === 1;
  }

  async #tried(container: string, addresses: readonly string[]): Promise<string[]> {
    const tries = addresses.map((address) =>
      `{ echo "${address} $(timeout 4 bash -c 'exec 3<>/dev/tcp/${address}/${PORT}; head -c 5 <&3'` +
      ` 2>&1)"; } &`
    );
    const { stdout } = await this.exec(container, `${tries.join("\n")}\nwait`);
    return addresses.filter((address) => stdout.includes(`${address} hello\n`));
  }

  /** Whether a name is resolved, by the name server in the private network. */
  async resolves(): Promise<boolean> {
    const { stdout } = await this.exec("guest", "getent hosts a.example.org; true");
    return stdout.startsWith(INTERNET[0]);
  }

  async exec(container: string, script: string) {
    const outcome = await this.#docker("exec", container, "timeout", "9", "sh", "-c", script);
    if (/No such container|is not running/.test(outcome.stderr)) throw new Error(outcome.stderr);
    return outcome;
  }

  /** Loads the rules as the unit does, with these lines in /etc/ttygate/egress.nft. */
  async load(...lines: string[]): Promise<void> {
    const { code, stderr } = await this.tryLoad(...lines);
    if (code !== 0) throw new Error(`nft ended with ${code}: ${stderr}`);
  }

  async tryLoad(...lines: string[]) {
    await Deno.writeTextFile(`${this.dir}/egress.nft`, lines.join("\n") + "\n");
    const text = await Deno.readTextFile(new URL("egress.nft", PACKAGING));
    await Deno.writeTextFile(
      `${this.dir}/rules.nft`,
      text.replace("/etc/ttygate/egress.nf[t]", `${this.dir}/egress.nf[t]`),
    );
    return await this.server.try(`nft -f ${this.dir}/rules.nft`);
  }

  async restartContainers(): Promise<void> {
    for (const name of ["plain", "guest", "guest6"]) await this.#docker("start", name);
  }

  async #startContainers(): Promise<void> {
    const { docker } = this.daemon;
    const deadline = () => AbortSignal.timeout(20_000);
    const log = createLog(() => {}, { prefix: false, clock: () => new Date() });
    await new DockerNetwork({ docker, instance: "egress", log, deadline }).ensure("ttygate");
    await docker.networks.create({
      Name: "six",
      Driver: "bridge",
      EnableIPv6: true,
      Options: {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.name": "ttygate6",
      },
      IPAM: { Config: [{ Subnet: "172.30.1.0/24" }, { Subnet: "2a00:1:3::/64" }] },
    });
    const image = testImage();
    const start = async (name: string, network: string) => {
      const args = ["--detach", "--init", "--name", name, "--network", network];
      const { code, stderr } = await this.#docker("run", ...args, image, "perl", "-e", LISTEN);
      if (code !== 0) throw new Error(`Cannot start ${name}: ${stderr}`);
      const format = `{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}`;
      this.addresses[name] = (await this.#docker("inspect", "--format", format, name)).stdout
        .trim();
    };
    await start("plain", "bridge");
    await start("guest", "ttygate");
    await start("guest6", "six");
  }

  #docker(...args: string[]) {
    return run("docker", ["--host", `unix://${this.daemon.socket}`, ...args]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.made.disposeAsync();
  }
}

/** What the containers run: they answer as the others do, with what Debian's smallest Perl has. */
const LISTEN = `use IO::Socket::INET;
  my $l = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 5, ReuseAddr => 1) or die;
  while (my $c = $l->accept) { print $c "hello\\n"; close $c }`;

/** A name server that gives every name the internet's address, and no IPv6. */
const NAMES = `
const socket = Deno.listenDatagram({ hostname: "${NAME_SERVER}", port: 53, transport: "udp" });
console.log("ready");
for await (const [query, from] of socket) {
  const end = query.indexOf(0, 12) + 5;
  const isA = query[end - 3] === 1;
  const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 11, 22, 33, 44];
  const reply = new Uint8Array([...query.slice(0, end), ...(isA ? answer : [])]);
  reply[2] = 0x81;
  reply[3] = 0x80;
  reply.set([0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0], 4);
  await socket.send(reply, from);
}
`;
