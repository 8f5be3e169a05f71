/** Proves `ttygate doctor` against the real Docker: what it finds, how it ends, what it leaves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Docker } from "deno-docker-api";
import { join } from "node:path";
import { checkEngine } from "../../lib/cli/doctor/engine_checks.ts";
import type { Finding } from "../../lib/cli/doctor/finding.ts";
import { DockerRelay } from "../support/docker_relay.ts";
import { DOCKER_SOCKET, PROGRAM, TestGateway, ttygate, until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { TestTerminal } from "../support/terminal.ts";

const BCRYPT = `$2y$12$${"a".repeat(53)}`;

/** Settings of an instance whose gateway does not run, in a directory of its own. */
class Place implements AsyncDisposable {
  readonly docker = new Docker({ socketPath: DOCKER_SOCKET });
  private constructor(readonly home: string, readonly instance: string) {}

  static async make(): Promise<Place> {
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    await Deno.mkdir(join(home, "state"), { mode: 0o750 });
    await Deno.writeTextFile(join(home, "htpasswd"), `alice:${BCRYPT}\n`);
    await Deno.writeTextFile(join(home, "groups"), "admin: alice\n");
    return new Place(home, `test-${crypto.randomUUID().slice(0, 8)}`);
  }

  get env(): Record<string, string> {
    return {
      TTYGATE_GATEWAY_STATE_DIR: join(this.home, "state"),
      TTYGATE_DOCKER_SOCKET: DOCKER_SOCKET,
      TTYGATE_DOCKER_INSTANCE: this.instance,
      TTYGATE_CONTAINER_IMAGE: testImage(),
      TTYGATE_AUTH_HTPASSWD: join(this.home, "htpasswd"),
      TTYGATE_AUTH_GROUPS: join(this.home, "groups"),
    };
  }

  async doctor(env: Record<string, string> = {}): Promise<{ code: number; findings: Finding[] }> {
    const { code, stdout, stderr } = await ttygate(["doctor", "--json"], {
      env: { ...this.env, ...env },
    });
    assertEquals(stderr, "");
    return { code, findings: JSON.parse(stdout) };
  }

  containers() {
    return this.docker.containers.list({
      all: true,
      labels: [`ttygate.instance=${this.instance}`],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await this.containers();
    for (const { Id } of left) {
      await this.docker.containers.remove(Id, { force: true, volumes: true });
    }
    this.docker[Symbol.dispose]();
    await Deno.remove(this.home, { recursive: true });
    assertEquals(left, [], "the doctor left containers");
  }
}

/** A socket on which nothing listens: the checks beside Docker's are quick with it. */
const NO_DOCKER = { TTYGATE_DOCKER_SOCKET: "/nonexistent/docker.sock" };

function of(findings: readonly Finding[], check: string): Finding {
  const found = findings.find((finding) => finding.check === check);
  if (!found) throw new Error(`no ${check} in ${JSON.stringify(findings)}`);
  return found;
}

Deno.test("beside a running gateway all is proven, and its session goes on", async () => {
  await using gateway = await TestGateway.start();
  await using terminal = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  const { code, stdout, stderr } = await ttygate(["doctor"], { env: gateway.env });
  assertEquals([code, stderr], [0, ""], stdout);
  for (
    const line of [
      /^ok {4}docker +\/.+ answers: Docker \S+, API 1\.\d+ is spoken$/m,
      /^ok {4}image +\S+ is there \(\d+ MB\)$/m,
      /^ok {4}containers +a session's container starts$/m,
      /^ok {4}privileges +no raw sockets, no new privileges, and a seccomp filter$/m,
      /^ok {4}cpu +a busy container got 0\.\d\d CPUs of its 0\.5$/m,
      /^ok {4}memory +a program over 200 MB is killed, swap counted$/m,
      /^ok {4}network +containers on ttygate do not reach each other$/m,
      /^ok {4}pids +no more than 128 processes run in a container$/m,
      /^nothing is broken; \d+ warnings$/m,
    ]
  ) assertMatch(stdout, line);
  assert(!/^FAIL/m.test(stdout) && !stdout.includes("\x1b"), stdout);
  assertEquals(await terminal.run("echo still $((40 + 2))"), "still 42");
  assertEquals((await gateway.containers()).length, 1);
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("limits that Docker was not told of are measured to be missing", async () => {
  await using place = await Place.make();
  await using relay = await DockerRelay.start();
  relay.next(/^POST \S+\/containers\/create/, {
    type: "edit",
    edit: ({ HostConfig, ...rest }) => {
      const { NanoCpus: _, Memory: _m, MemorySwap: _s, PidsLimit: _p, Mounts: _t, ...kept } =
        HostConfig;
      // Docker's own bridge lets its containers reach each other.
      return {
        ...rest,
        HostConfig: { ...kept, CapDrop: [], SecurityOpt: [], NetworkMode: "bridge" },
      };
    },
  });
  const { code, findings } = await place.doctor({ TTYGATE_DOCKER_SOCKET: relay.path });
  assertEquals(code, 1);
  for (
    const [check, message, mend] of [
      ["cpu", /^container\.cpus is not enforced: a busy container got/, /cgroup controllers/],
      ["memory", /^container\.memory is not enforced:/, /swapaccount=1/],
      ["pids", /^container\.pids is not enforced: 129 processes/, /container\.runtime/],
      ["terminals", /^\d+ terminals were opened in a container of 48/, /docker volume ls/],
      ["privileges", /they may open raw sockets, and setuid programs gain/, /container\.runtime/],
      ["network", /^containers on ttygate reach each other$/, /docker network rm ttygate/],
    ] as const
  ) {
    const finding = of(findings, check);
    assertEquals(finding.status, "fail", JSON.stringify(finding));
    assertMatch(finding.message, message);
    assertMatch(finding.mend!, mend);
  }
});

Deno.test("an image that nobody has is a failure, and what it keeps from being measured is said", async () => {
  await using place = await Place.make();
  const image = "localhost:1/ttygate-test:none";
  const { code, findings } = await place.doctor({ TTYGATE_CONTAINER_IMAGE: image });
  assertEquals(code, 1);
  const { status, message, mend } = of(findings, "image");
  assertEquals(status, "fail");
  assertMatch(message, /^Cannot pull image localhost:1\/ttygate-test:none: /);
  assertMatch(mend!, /'docker pull localhost:1\/ttygate-test:none'/);
  assertMatch(of(findings, "containers").message, /without the image/);
});

Deno.test("a container that does not start is a failure with Docker's words", async () => {
  await using place = await Place.make();
  const { code, findings } = await place.doctor({ TTYGATE_CONTAINER_RUNTIME: "nonesuch" });
  assertEquals([code, of(findings, "containers").status], [1, "fail"]);
  assertMatch(of(findings, "containers").message, /nonesuch/);
});

Deno.test("without Docker the rest is looked at all the same", async () => {
  await using place = await Place.make();
  const { code, findings } = await place.doctor(NO_DOCKER);
  assertEquals(code, 1);
  const { status, message, mend } = of(findings, "docker");
  assertEquals(status, "fail");
  assertMatch(message, /there is no socket at \/nonexistent\/docker\.sock/);
  assertMatch(mend!, /systemctl start docker/);
  assertEquals(of(findings, "containers").status, "warn");
  assertEquals(of(findings, "htpasswd").status, "ok");
  assertEquals(of(findings, "groups").message, `1 administrator in ${place.home}/groups`);
  assertEquals(of(findings, "state").status, "ok");
});

Deno.test("an Engine that does not answer is not waited for long", async () => {
  await using relay = await DockerRelay.start();
  relay.next(/\/info/, { type: "hang" });
  using docker = new Docker({ socketPath: relay.path });
  const { signal } = new AbortController();
  const { findings: [finding], info } = await checkEngine(docker, relay.path, signal, 200);
  assertEquals([finding!.status, info], ["fail", null]);
  assertEquals(finding!.message, `${relay.path} does not answer within 0.2 s`);
});

Deno.test("a wrong configuration is a failure for each mistake", async () => {
  await using place = await Place.make();
  const { code, findings } = await place.doctor({
    TTYGATE_CONTAINER_CPUS: "half",
    TTYGATE_POOL_SIZE: "-1",
  });
  assertEquals([code, findings.map(({ status }) => status)], [1, ["fail", "fail"]]);
  assertMatch(
    of(findings, "configuration").message,
    /^environment TTYGATE_CONTAINER_CPUS: must be/,
  );
});

Deno.test({
  name: "whoever may not use the socket or read the files is told so",
  ignore: Deno.uid() !== 0,
  async fn() {
    await using place = await Place.make();
    const socket = join(place.home, "docker.sock");
    await Deno.chmod(place.home, 0o755);
    await Deno.chmod(join(place.home, "htpasswd"), 0o600);
    using _listener = Deno.listen({ transport: "unix", path: socket });
    await Deno.chmod(socket, 0o600);
    const { code, stdout } = await new Deno.Command(PROGRAM, {
      args: ["doctor", "--json"],
      env: { ...place.env, TTYGATE_DOCKER_SOCKET: socket },
      uid: 65534,
      gid: 65534,
    }).output();
    const findings: Finding[] = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(code, 1);
    assertMatch(of(findings, "docker").message, /permission to use \S+ was denied/);
    assertMatch(of(findings, "docker").mend!, /as root or as a member of the group docker/);
    assertMatch(of(findings, "htpasswd").message, /^cannot read \S+: permission denied$/);
    assertMatch(of(findings, "htpasswd").mend!, /^run this as root/);
    assertEquals(of(findings, "state").status, "fail");
  },
});

Deno.test("hashes that are not checked are failures that name the users", async () => {
  await using place = await Place.make();
  const lines = [
    `alice:${BCRYPT}`,
    "bob:$apr1$abcdefgh$0123456789012345678901",
    "carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "dave:abJnggxhB/yWI",
    `erin:$2y$04$${"a".repeat(53)}`,
  ];
  await Deno.writeTextFile(join(place.home, "htpasswd"), lines.join("\n") + "\n");
  const { code, findings } = await place.doctor(NO_DOCKER);
  assertEquals(code, 1);
  const found = findings.filter(({ check }) => check === "htpasswd");
  assertEquals(found.map(({ status }) => status), ["fail", "fail", "fail", "warn"]);
  for (
    const [i, said] of [
      /user bob has an Apache MD5/,
      /user carol has a SHA-1/,
      /user dave has .*crypt/,
      /erin/,
    ].entries()
  ) assertMatch(found[i]!.message, said);
  assertEquals(found[0]!.mend, "set it again with 'ttygate user passwd bob'");
});

Deno.test("a sweep leaves the probes alone while they are used", async () => {
  await using place = await Place.make();
  const doctor = place.doctor();
  await until(async () => (await place.containers()).length === 2);
  const { code, stdout } = await ttygate(["sweep", "--json"], { env: place.env });
  assertEquals([code, JSON.parse(stdout).removed, JSON.parse(stdout).failed], [0, [], []]);
  const { code: healthy, findings } = await doctor;
  assertEquals(healthy, 0, JSON.stringify(findings));
  assertEquals(of(findings, "memory").status, "ok");
});

Deno.test("interrupted at any time the doctor removes what it made", async () => {
  await using place = await Place.make();
  for (const wanted of [1, 2]) {
    const child = new Deno.Command(PROGRAM, {
      args: ["doctor"],
      env: place.env,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const finished = child.output();
    await until(async () => (await place.containers()).length >= wanted);
    child.kill("SIGINT");
    const { code, stderr } = await finished;
    assertEquals(
      [code, new TextDecoder().decode(stderr)],
      [1, "ttygate: interrupted; what the doctor had made is removed\n"],
    );
    assertEquals(await place.containers(), []);
  }
});

Deno.test("probes whose doctor was killed go by themselves", async () => {
  await using place = await Place.make();
  const child = new Deno.Command(PROGRAM, {
    args: ["doctor"],
    env: place.env,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const isRunning = ({ State }: { State: string }) => State === "running";
  await until(async () => (await place.containers()).filter(isRunning).length === 2);
  child.kill("SIGKILL");
  await child.status;
  for (const { Id, Labels } of await place.containers()) {
    assertEquals(Labels["ttygate.role"], "probe");
    const seconds = Number(Labels["ttygate.expires"]) - Date.now() / 1000;
    assert(seconds > 0 && seconds <= 180, `${seconds} s`);
    const { HostConfig, Config } = await place.docker.containers.inspect(Id);
    // Docker removes it when its program ends, which is when its time is over.
    assertEquals([HostConfig.AutoRemove, Config.Cmd], [true, ["/bin/sh", "-c", "exec sleep 180"]]);
    await place.docker.containers.remove(Id, { force: true, volumes: true });
  }
});
