import { assert, assertEquals, assertMatch } from "@std/assert";
import { SECCOMP_PROFILE } from "../../lib/sessions/seccomp.ts";
import { TestGateway } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

let gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: { TTYGATE_SESSION_MAX_PER_USER: "10", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => gateway[Symbol.asyncDispose]());

function open(): Promise<TestTerminal> {
  return TestTerminal.open(gateway, { cookie });
}

async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("every limit and every hardening option is what Docker says the container has", async () => {
  await using terminal = await open();
  const [summary] = await gateway.containers();
  const { HostConfig, Config, Name, Mounts, NetworkSettings } = await gateway.docker.containers
    .inspect(summary!.Id);
  assertEquals(Name, `/ttygate-${terminal.session}`);
  assertEquals(HostConfig.NanoCpus, 500_000_000);
  assertEquals(HostConfig.Memory, 209_715_200);
  assertEquals(HostConfig.MemorySwap, 209_715_200);
  assertEquals(HostConfig.PidsLimit, 128);
  assertEquals(HostConfig.Init, true);
  assertEquals(HostConfig.AutoRemove, false);
  assertEquals(HostConfig.Privileged, false);
  assertEquals(HostConfig.CapDrop, ["ALL"]);
  const capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP", "SETGID", "SETUID"];
  assertEquals(HostConfig.CapAdd!.map((name) => name.replace(/^CAP_/, "")), capabilities);
  assertEquals(HostConfig.SecurityOpt, ["no-new-privileges", `seccomp=${SECCOMP_PROFILE}`]);
  assertEquals(HostConfig.OomScoreAdj, 500);
  assertEquals(HostConfig.Ulimits, [
    { Name: "nofile", Soft: 1024, Hard: 4096 },
    { Name: "core", Soft: 0, Hard: 0 },
    { Name: "memlock", Soft: 65_536, Hard: 65_536 },
    { Name: "msgqueue", Soft: 204_800, Hard: 204_800 },
    { Name: "nice", Soft: 0, Hard: 0 },
    { Name: "rtprio", Soft: 0, Hard: 0 },
    { Name: "sigpending", Soft: 4096, Hard: 4096 },
  ]);
  assertEquals(HostConfig.LogConfig, {
    Type: "local",
    Config: {
      "max-size": "1m",
      "max-file": "1",
      "compress": "false",
      "mode": "blocking",
    },
  });
  assertEquals(HostConfig.Binds ?? [], []);
  assertEquals(Mounts.map(({ Type, Destination }) => [Type, Destination]), [[
    "volume",
    "/dev/pts",
  ]]);
  assertEquals([HostConfig.PidMode, HostConfig.CgroupnsMode], ["", "private"]);
  assertEquals(HostConfig.IpcMode, "private");
  // What Docker hides of /proc and /sys, and keeps from being written, by itself.
  assert(HostConfig.MaskedPaths!.includes("/proc/kcore"));
  assert(HostConfig.ReadonlyPaths!.includes("/proc/sys"));
  assertEquals(Object.keys(NetworkSettings.Networks), ["ttygate"]);
  const labels = Object.entries(Config.Labels!).filter(([name]) => name.startsWith("ttygate."));
  const { "ttygate.expires": expires, ...others } = Object.fromEntries(labels);
  assertEquals(others, {
    "ttygate.hostname": "t1",
    "ttygate.instance": gateway.instance,
    "ttygate.role": "session",
    "ttygate.session": terminal.session,
    "ttygate.user": "alice",
  });
  const eightHours = Date.now() / 1000 + 8 * 3600;
  assert(Math.abs(Number(expires) - eightHours) < 120);
  const network = await gateway.docker.networks.inspect("ttygate");
  assertEquals(network.Driver, "bridge");
  assertEquals(network.Options?.["com.docker.network.bridge.enable_icc"], "false");
  await finish(terminal);
});

Deno.test("the hardening holds inside: no new privileges, seccomp on, few capabilities", async () => {
  await using terminal = await open();
  const status = await terminal.run(
    "grep -E 'NoNewPrivs|Seccomp:|CapEff|CapBnd' /proc/self/status",
  );
  assertMatch(status, /NoNewPrivs:\s+1/);
  assertMatch(status, /Seccomp:\s+2/);
  assertMatch(status, /CapEff:\s+00000000800000db/);
  assertMatch(status, /CapBnd:\s+00000000800000db/);
  assertEquals(await terminal.run("ulimit -n; ulimit -Hn; ulimit -c"), "1024\n4096\n0");
  const mounted = await terminal.run("mount -t tmpfs none /mnt 2>/dev/null && echo yes || echo no");
  assertEquals(mounted, "no");
  assertEquals(await terminal.run("ls -d /run/docker.sock /var/run/docker.sock 2>/dev/null"), "");
  await finish(terminal);
});

Deno.test("root in the container installs a local package", async () => {
  await using terminal = await open();
  const build = [
    "mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin",
    "printf 'Package: hello-gate\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: d\\n' > /tmp/p/DEBIAN/control",
    // A postinst that does what packages do: owners, modes, another user.
    "printf '#!/bin/sh\\nset -e\\nadduser --system --group gatey >/dev/null 2>&1 || useradd -r gatey\\nchown gatey /usr/bin/hello-gate\\nchmod 4755 /usr/bin/hello-gate\\n' > /tmp/p/DEBIAN/postinst",
    "chmod 755 /tmp/p/DEBIAN/postinst",
    "printf '#!/bin/sh\\necho installed and running\\n' > /tmp/p/usr/bin/hello-gate",
    "chmod 755 /tmp/p/usr/bin/hello-gate",
    "dpkg-deb --build /tmp/p /tmp/hello.deb >/dev/null",
  ];
  await terminal.run(build.join("\r"));
  const installed = await terminal.run(
    "apt-get install -y /tmp/hello.deb >/tmp/log 2>&1 && echo ok || cat /tmp/log",
  );
  assertEquals(installed, "ok");
  assertEquals(
    await terminal.run("hello-gate; stat -c %U /usr/bin/hello-gate"),
    [
      "installed and running",
      "gatey",
    ].join("\n"),
  );
  await finish(terminal);
});

Deno.test("a loop stays at half a CPU", async () => {
  await using terminal = await open();
  // CPU time used against wall-clock time, as the shell's own clock tells them.
  const times = await terminal.run(
    "TIMEFORMAT='%R %U'; time timeout 4 bash -c 'while :; do :; done'",
  );
  const [wall, user] = times.trim().split(/\s+/).map(Number) as [number, number];
  const share = user / wall;
  // How little it gets is the machine's business.
  assert(share < 0.6, `${share} CPUs in ${times}`);
  await finish(terminal);
});

Deno.test("an allocation of 300 MiB is killed, and the reason says oom", async () => {
  await using terminal = await open();
  await terminal.see(/# $/);
  terminal.type("exec bash -c 'x=$(head -c 300M /dev/zero | tr \"\\0\" x); echo survived'\r");
  const ended = await terminal.event("ended");
  assertEquals(ended.reason, "oom");
  assertEquals(ended.exitCode, 137);
  assertEquals(ended.message, "The shell was killed: its container used up its 200 MB of memory.");
  assertEquals((await terminal.closed).code, 1000);
  assertEquals((await gateway.containers()).length, 0);
});

Deno.test("swap counts inside the memory: what the container may use is 200 MiB in all", async () => {
  await using terminal = await open();
  const limits = await terminal.run(
    "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max 2>/dev/null || " +
      "cat /sys/fs/cgroup/memory/memory.limit_in_bytes " +
      "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes 2>/dev/null",
  );
  const lines = limits.split("\n");
  assertEquals(lines[0], "209715200");
  // v2 counts swap apart, v1 both together; a kernel without swap accounting shows neither.
  if (lines[1] !== undefined) assert(["0", "209715200"].includes(lines[1]));
  await finish(terminal);
});

Deno.test("a fork bomb stays in its 128 processes, and the session can still be ended", async () => {
  await using terminal = await open();
  await terminal.see(/# $/);
  const [summary] = await gateway.containers();
  terminal.type("bomb() { bomb | bomb & }; bomb 2>/dev/null\r");
  let highest = 0;
  for (let samples = 0; samples < 20; samples++) {
    const { pids_stats } = await gateway.docker.containers.stats(summary!.Id);
    highest = Math.max(highest, pids_stats.current ?? 0);
  }
  assert(highest <= 128, `${highest} processes`);
  const response = await fetch(`${gateway.origin}/api/v1/sessions/${terminal.session}`, {
    method: "DELETE",
    headers: { cookie, origin: gateway.origin },
  });
  assertEquals(response.status, 204);
  assertEquals((await terminal.event("ended")).reason, "killed");
  await gateway.haveContainers(0);
});
