/** Proves that Podman's Docker-compatible socket is an engine: what sessions have under Docker they have there. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Finding } from "../../lib/cli/doctor/finding.ts";
import { htpasswdLine, TestGateway, ttygate, until } from "../support/gateway.ts";
import { PodmanService } from "../support/podman_service.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
let podman: PodmanService, gateway: TestGateway, cookie: string;
let env: Record<string, string>;

/** Scripts/setup.sh --tests installs it where the distribution has one that is new enough. */
const isThere = await PodmanService.isInstalled();
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !isThere, fn });

Deno.test.beforeAll(async () => {
  if (!isThere) return;
  podman = owned.use(await PodmanService.start());
  env = {
    TTYGATE_DOCKER_SOCKET: podman.socket,
    TTYGATE_CONTAINER_NETWORK: "none",
    TTYGATE_SESSION_RECONNECT_GRACE: "20s",
  };
  gateway = owned.use(await TestGateway.start({ env }));
  cookie = await gateway.logIn();
});

Deno.test.afterAll(async () => {
  if (!isThere) return;
  await using _ = owned;
  await gateway.stop();
  await haveNothing();
});

/** The containers of a gateway, and the volumes of their terminals. */
async function holdings({ instance }: TestGateway = gateway) {
  const { containers, volumes } = podman.docker;
  const found = await containers.list({ all: true, labels: [`ttygate.instance=${instance}`] });
  const ptys = await volumes.list({ labels: [`ttygate.ptys=${instance}`] });
  return { containers: found.length, volumes: ptys.length };
}

async function haveNothing(of: TestGateway = gateway) {
  await until(async () => {
    const { containers, volumes } = await holdings(of);
    return containers + volumes === 0;
  });
}

async function open(): Promise<TestTerminal> {
  const terminal = await TestTerminal.open(gateway, { cookie, query: { cols: 90, rows: 33 } });
  await terminal.see(/# $/);
  return terminal;
}

test("a session has its size, is resized, and ends with its exit status", async () => {
  await using terminal = await open();
  assertEquals(await terminal.run("stty size; tty"), "33 90\n/dev/pts/0");
  terminal.resize(100, 40);
  await until(async () => await terminal.run("stty size") === "40 100");
  assertEquals(await terminal.run("head -c 300000 /dev/zero | tr '\\0' x | wc -c"), "300000");
  terminal.type("exit 3\r");
  const { reason, exitCode } = await terminal.event("ended");
  assertEquals([reason, exitCode], ["exit", 3]);
  await haveNothing();
});

test("the limits are those of the profile, as the kernel has them", async () => {
  await using terminal = await open();
  const read = async (v2: string, v1: string) =>
    await terminal.run(`cd /sys/fs/cgroup; cat ${v2} 2>/dev/null || cat ${v1}`);
  assertEquals(await read("memory.max", "memory/memory.limit_in_bytes"), "209715200");
  // v2 counts swap apart, v1 both together.
  const swap = await read("memory.swap.max", "memory/memory.memsw.limit_in_bytes");
  assert(["0", "209715200"].includes(swap), swap);
  assertEquals(await read("pids.max", "pids/pids.max"), "128");
  const cpu = await read("cpu.max", "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us");
  assertEquals(cpu.split(/\s/), ["50000", "100000"]);
  terminal.type("exit\r");
  await terminal.closed;
});

test("the hardening holds inside, and the terminals are bounded", async () => {
  await using terminal = await open();
  const status = await terminal.run("grep -E 'NoNewPrivs|Seccomp:|CapBnd' /proc/self/status");
  assertMatch(status, /NoNewPrivs:\s+1/);
  assertMatch(status, /Seccomp:\s+2/);
  assertMatch(status, /CapBnd:\s+00000000800000db/);
  assertEquals(
    await terminal.run("ulimit -n; ulimit -Hn; ulimit -c; ulimit -l"),
    "1024\n4096\n0\n64",
  );
  assertEquals(await terminal.run("cat /proc/self/oom_score_adj"), "500");
  // Docker's own profile allows these two, ttygate's does not.
  assertMatch(await terminal.run("fallocate -l 1M /f 2>&1"), /not supported|unsupported/);
  // As under Docker.
  const sysctls = "cd /proc/sys/net/ipv4; cat ping_group_range ip_unprivileged_port_start";
  assertEquals(await terminal.run(sysctls), "0\t2147483647\n0");
  assertMatch(await terminal.run("grep ' /dev/pts ' /proc/mounts | tail -n 1"), /max=48/);
  terminal.type("exit\r");
  await terminal.closed;
});

test("who ended a session is told: its owner, somebody on the server, or nobody for too long", async () => {
  await using mine = await open();
  const response = await fetch(`${gateway.origin}/api/v1/sessions/${mine.session}`, {
    method: "DELETE",
    headers: { cookie, origin: gateway.origin },
  });
  assertEquals([response.status, (await mine.event("ended")).reason], [204, "killed"]);
  await using killed = await open();
  await podman.docker.containers.kill(`ttygate-${killed.session}`);
  await using removed = await open();
  await podman.docker.containers.remove(`ttygate-${removed.session}`, { force: true });
  for (const terminal of [killed, removed]) {
    const { message, exitCode } = await terminal.event("ended");
    assertEquals(exitCode, 137);
    assertMatch(message, /^The container was stopped on the server, from outside/);
  }
  await using quick = await TestGateway.start({
    env: { ...env, TTYGATE_SESSION_IDLE_TIMEOUT: "1s", TTYGATE_SESSION_IDLE_WARNING: "0s" },
  });
  await using idle = await TestTerminal.open(quick, { cookie: await quick.logIn() });
  assertEquals((await idle.event("ended")).reason, "idle");
  await haveNothing(quick);
});

test("SIGKILL: a program goes on under the next gateway, and no byte is lost or comes twice", async () => {
  await using place = await Restarted.start(env);
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  await before.run("true");
  const from = before.output.length;
  const last = "printf unfini''shed; read -r _";
  before.type(`i=0; while [ $i -lt 120 ]; do echo $i; i=$((i+1)); sleep 0.01; done; ${last}\r`);
  await before.see(/\b50\r\n/, from);
  await place.restart("SIGKILL", () =>
    until(async () => {
      // Until all of it was printed while nobody listened.
      const log = await podman.docker.containers.logs(`ttygate-${before.session}`);
      return new TextDecoder().decode(log).endsWith("unfinished");
    }));
  const query = { session: before.session, offset: before.offset };
  await using after = await TestTerminal.open(place.gateway, { cookie, query });
  await after.see(/unfinished$/);
  assertEquals((await after.event("ready")).offset, before.offset);
  const numbers = Array.from({ length: 120 }, (_, i) => `${i}\r\n`).join("");
  const output = before.output.slice(from) + after.output;
  assert(output.endsWith(`${numbers}unfinished`), output);
  after.type("\rexit 4\r");
  assertEquals((await after.event("ended")).exitCode, 4);
  await haveNothing(place.gateway);
});

test("the service goes and comes again: a program goes on, and nothing of it is lost", async () => {
  await using terminal = await open();
  const from = terminal.output.length;
  terminal.type(
    "i=0; while [ $i -lt 120 ]; do echo $i; i=$((i+1)); sleep 0.01; done; echo do''ne\r",
  );
  await terminal.see(/\b20\r\n/, from);
  await podman.restart();
  await terminal.see(/done\r\n/, from);
  const numbers = Array.from({ length: 120 }, (_, i) => `${i}\r\n`).join("");
  assert(terminal.output.includes(`${numbers}done\r\n`), terminal.output.slice(from));
  terminal.type("exit 6\r");
  assertEquals((await terminal.event("ended")).exitCode, 6);
});

test("a sweep removes what a gateway without its leases has left", async () => {
  await using place = await Restarted.start(env);
  const { gateway } = place;
  await using terminal = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  await gateway.stop("SIGKILL");
  assertEquals(await holdings(gateway), { containers: 1, volumes: 1 });
  await Deno.remove(place.leases, { recursive: true });
  const { code, stdout } = await ttygate(["sweep", "--json"], { env: gateway.env });
  const names = JSON.parse(stdout).removed.map(({ name }: { name: string }) => name);
  assertEquals([code, names], [0, [`ttygate-${terminal.session}`]]);
  assertEquals(await holdings(gateway), { containers: 0, volumes: 0 });
});

async function doctor(
  network: string,
): Promise<{ code: number; find: (check: string) => Finding }> {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await Deno.mkdir(`${home}/state`, { mode: 0o750 });
    await Deno.writeTextFile(`${home}/htpasswd`, await htpasswdLine("alice", "wonderland"));
    const { code, stdout } = await ttygate(["doctor", "--json"], {
      env: {
        ...gateway.env,
        TTYGATE_DOCKER_INSTANCE: `${gateway.instance}-doctor`,
        TTYGATE_GATEWAY_STATE_DIR: `${home}/state`,
        TTYGATE_AUTH_HTPASSWD: `${home}/htpasswd`,
        TTYGATE_AUTH_GROUPS: `${home}/groups`,
        TTYGATE_CONTAINER_NETWORK: network,
      },
    });
    const findings: Finding[] = JSON.parse(stdout);
    const find = (check: string) => {
      const found = findings.find((finding) => finding.check === check);
      if (!found) throw new Error(`no ${check} in ${stdout}`);
      return found;
    };
    return { code, find };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

test("doctor proves every limit, and says what this engine lacks", async () => {
  const { code, find } = await doctor("none");
  assertEquals(code, 0);
  assertMatch(find("docker").message, /answers: Podman Engine \S+, API 1\.41 is spoken$/);
  for (const check of ["containers", "privileges", "cpu", "memory", "disk", "terminals", "pids"]) {
    assertEquals(find(check).status, "ok", find(check).message);
  }
  assertEquals(find("conmon").status, "warn");
  assertMatch(find("conmon").message, /last keys .* status 137/);
  const info = await podman.docker.info();
  if (info.CgroupVersion === "1") assertEquals(find("cgroup names").status, "warn");
});

test("containers on its network reach each other, as doctor says, unless ttygate's rules are loaded", async () => {
  const { code, find } = await doctor("ttygate");
  assertEquals([code, find("network").status], [1, "fail"]);
  assertMatch(find("network").mend!, /ttygate-egress' and 'modprobe br_netfilter'/);
  await using networked = await TestGateway.start({
    env: { ...env, TTYGATE_CONTAINER_NETWORK: "ttygate" },
  });
  const cookie = await networked.logIn();
  await using one = await TestTerminal.open(networked, { cookie });
  await using other = await TestTerminal.open(networked, { cookie });
  const address = await other.run("hostname -I");
  const reach = () => one.run(`timeout 1 bash -c ": <>/dev/tcp/${address.trim()}/9"; echo $?`);
  // Nothing listens there, which is an answer of the other one.
  assertMatch(await reach(), /refused[^]*\n1$/);
  await podman.loadRules();
  assertEquals(await reach(), "124");
  for (const terminal of [one, other]) terminal.type("exit\r");
  await Promise.all([one.closed, other.closed]);
});
