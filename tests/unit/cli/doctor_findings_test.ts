/** Proves what `ttygate doctor` makes of what it measured and read. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { barrierTo, identityOf, isAllowed } from "../../../lib/cli/doctor/access.ts";
import { checkCapacity, checkCgroups, startMend } from "../../../lib/cli/doctor/engine_checks.ts";
import {
  checkHtpasswd,
  checkSocket,
  checkStateDir,
  checkTls,
  judgeHtpasswd,
} from "../../../lib/cli/doctor/file_checks.ts";
import type { Finding } from "../../../lib/cli/doctor/finding.ts";
import {
  judgeCgroupNames,
  judgeCpu,
  judgeDisk,
  judgeMemory,
  judgePids,
  judgePrivileges,
  judgeRoom,
  judgeWatch,
  probeLimits,
} from "../../../lib/cli/doctor/limits.ts";
import { checkSockets, judgeTables, judgeTerminals } from "../../../lib/cli/doctor/kernel.ts";
import { judgeNetwork, routers } from "../../../lib/cli/doctor/network.ts";
import { formatFinding, ProgressLine, summary, wrap } from "../../../lib/cli/doctor/report.ts";
import { judgeTimer, judgeUnit } from "../../../lib/cli/doctor/system_checks.ts";

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

function cpuSaid(seconds: number, periods: number | null): string {
  const stat = periods === null ? "" : `nr_periods ${periods}\nnr_throttled 3\n`;
  return `busy\nuptime 100.00 102.00\n0m0.01s 0m0.00s\n0m${seconds}s 0m0.00s\n${stat}end\n`;
}

Deno.test("a busy container may have its share, and as little less as its neighbours leave it", () => {
  assertEquals(
    judgeCpu(cpuSaid(1, 20), 0.5, 2).message,
    "a busy container got 0.50 CPUs of its 0.5",
  );
  assertEquals(judgeCpu(cpuSaid(0.4, 20), 0.5, 2).status, "ok");
  assertEquals(judgeCpu(cpuSaid(1, null), 0.5, 2).status, "ok");
  assertEquals(judgeCpu(cpuSaid(3.9, 0), 2, 2).status, "ok");
});

Deno.test("a CPU limit is not enforced when more was used, or when the kernel counts no quota", () => {
  assertEquals(judgeCpu(cpuSaid(1.9, null), 0.5, 2).status, "fail");
  // A neighbour left it half a CPU by chance.
  assertMatch(judgeCpu(cpuSaid(1, 0), 0.5, 2).message, /0\.50 CPUs of its 0\.5, and .* no quota$/);
  assertEquals(judgeCpu("busy\n", 0.5, 2).status, "warn");
});

Deno.test("privileges are what the kernel says of a process", () => {
  const said = (bounding: string, noNewPrivs: number, seccomp: number) =>
    `Name:\tcat\nCapBnd:\t${bounding}\nNoNewPrivs:\t${noNewPrivs}\nSeccomp:\t${seccomp}\n`;
  const few = "00000000800000db", withRawSockets = "00000000800020db";
  const status = (text: string, runtime = "") => judgePrivileges(text, runtime).status;
  assertEquals(status(said(few, 1, 2)), "ok");
  assertEquals(status(said(withRawSockets, 1, 2)), "fail");
  assertEquals(status(said(few, 0, 2)), "fail");
  assertEquals(status(said(few, 1, 0)), "fail");
  assertEquals(status(said(few, 1, 0), "runsc"), "ok");
  const files = (hard: string) =>
    `${said(few, 1, 2)}Max open files            1024  ${hard}  files\n`;
  assertEquals(status(files("4096")), "ok");
  assertMatch(judgePrivileges(files("1048576"), "").message, /may open 1048576 files$/);
  assertEquals(status(files("unlimited")), "fail");
  assertEquals(status(""), "warn");
});

Deno.test("a container sees its own cgroup only, or what the server's are called", () => {
  assertEquals(judgeCgroupNames("9:memory:/\n0::/\n"), null);
  assertEquals(judgeCgroupNames("0::/\n"), null);
  assertEquals(judgeCgroupNames("0::/../..\n"), null);
  assertEquals(judgeCgroupNames("cat: /proc/self/cgroup: No such file or directory"), null);
  const { status, message } = judgeCgroupNames("9:memory:/libpod_parent/libpod-1\n0::/\n")!;
  assertEquals(status, "warn");
  assertMatch(message, /such as libpod_parent\/libpod-1$/);
});

Deno.test("an engine without its init is told from one that refuses for another reason", () => {
  assertMatch(startMend("container-init binary not found on the host"), /package catatonit/);
  assertMatch(startMend("Cannot start container abc: no space"), /what the engine says/);
});

Deno.test("a program over the memory is killed or it is not", () => {
  assertEquals(judgeMemory("Killed\nstatus 137\n", 200 * MIB).status, "ok");
  assertEquals(judgeMemory("status 0\n", 200 * MIB).status, "fail");
  const { status, message } = judgeMemory("sh: no head\n", 200 * MIB);
  assertEquals([status, message], ["warn", "could not be measured: sh: no head"]);
});

Deno.test("processes are refused in every shell's words, or they are not", () => {
  for (const words of ["sh: 1: Cannot fork", "sh: fork: retry: Resource", "sh: can't fork: Res"]) {
    assertEquals(judgePids(`forked 1\nforked 125\n${words}\n`, 128).status, "ok");
  }
  assertEquals(judgePids("forked 128\nforked 129\n", 128).status, "fail");
  assertEquals(judgePids("forked 3\n", 128).status, "warn");
});

Deno.test("what is written over the disk's limit is refused, or it is not", () => {
  const refused = "head: write error: No space left on device\nstatus 1\n";
  assertEquals(judgeDisk(refused, 64 * MIB).message, "no more than 64 MB can be written");
  assertEquals(judgeDisk("status 0\n", 64 * MIB).status, "fail");
  assertEquals(judgeDisk("sh: cannot create /var/tmp/x\nstatus 2\n", 64 * MIB).status, "warn");
});

Deno.test("where Docker limits no disk, what a container wrote is found or it is not", () => {
  const judge = (heldBytes: number, isSeen = true, said = "status 0\n") =>
    judgeWatch({ said, heldBytes, isSeen, limitBytes: 1024 * MIB });
  assertEquals(
    judge(16 * MIB).message,
    "a session whose files take over 1 GB is found and ended; Docker itself cannot limit it here",
  );
  assertEquals(judge(0).status, "fail");
  assertEquals(judge(16 * MIB, false).status, "warn");
  assertEquals(judge(0, true, "sh: cannot create /var/tmp/x\nstatus 2\n").status, "warn");
});

Deno.test("a disk below its mark keeps sessions from starting, which is a failure", () => {
  const space = { freeBytes: 1536 * MIB, freeFiles: 50, totalFiles: 100 };
  assertEquals(judgeRoom(space, 1024 * MIB).status, "ok");
  assertEquals(judgeRoom(space, 0).status, "ok");
  const { status, message } = judgeRoom(space, 2048 * MIB);
  assertEquals([status, message], [
    "fail",
    "no session starts: Docker's data has 1.5 GB, 50 % of files left, and docker.min_free is 2 GB",
  ]);
});

Deno.test("large limits are measured at a size that does no harm", () => {
  const small = { cpus: 0.5, memoryBytes: 200 * MIB, pids: 128, diskBytes: 32 * MIB };
  assertEquals(probeLimits(small), small);
  const large = { cpus: 8, memoryBytes: 4096 * MIB, pids: 9999, diskBytes: 4096 * MIB };
  assertEquals(probeLimits(large), {
    cpus: 8,
    memoryBytes: 256 * MIB,
    pids: 512,
    diskBytes: 64 * MIB,
  });
});

Deno.test("who answers on the network is reached, and who does not is not", () => {
  const refused = "bash: connect: Connection refused";
  const prohibited = "bash: connect: No route to host";
  const said = (peer: string, server: string, near = prohibited) =>
    `self 127.0.0.1 ${refused}\npeer 172.18.0.3 ${peer}\nserver 172.18.0.1 ${server}\n` +
    `near 169.254.169.254 ${near}\n`;
  const judge = (text: string, active: boolean, onBridge = true) =>
    judgeNetwork(text, "ttygate", { active, onBridge, parts: true });
  const statuses = (text: string, active = false) =>
    judge(text, active).map(({ status }) => status);
  // Without the rules nothing keeps containers from what is near, which need not be tried.
  assertEquals(statuses(said("", "")), ["ok", "ok", "warn"]);
  assertEquals(statuses(said("", refused)), ["ok", "warn", "warn"]);
  assertEquals(statuses(said("open", "")), ["fail", "ok", "warn"]);
  assertMatch(judge(said("open", ""), false)[0]!.mend!, /^remove the network/);
  const unable = { active: false, onBridge: true, parts: false };
  const [reached] = judgeNetwork(said("open", ""), "ttygate", unable);
  assertMatch(reached!.mend!, /ttygate-egress' and 'modprobe br_netfilter'/);
  // Where it is promised, it is broken.
  assertEquals(statuses(said("", ""), true), ["ok", "ok", "ok"]);
  assertEquals(statuses(said("", refused), true), ["ok", "fail", "ok"]);
  assertEquals(statuses(said("", prohibited, "open"), true), ["ok", "ok", "fail"]);
  assertMatch(judge(said("", refused), true)[1]!.mend!, /^'systemctl restart ttygate-egress'/);
  assertMatch(judge(said("", refused), true, false)[1]!.mend!, /^remove the network/);
  // Nothing is proven by a probe that does not even reach itself.
  assertEquals(statuses("bash and timeout are missing\n"), ["warn"]);
});

Deno.test("names are resolved when a name server said anything of them", () => {
  const self = "self 127.0.0.1 open\n";
  const names = (line: string) =>
    judgeNetwork(`${self}names${line}\n`, "ttygate", { active: true, onBridge: true, parts: true })
      .filter(({ check }) => check === "names").map(({ status }) => status);
  assertEquals(names(" 01 02 81 80"), ["ok"]);
  assertEquals(names(" 01 02 81 83"), ["ok"]);
  assertEquals(names(" 01 02 81 82"), ["warn"]);
  assertEquals(names(" "), ["warn"]);
  // Docker's default bridge has no resolver.
  assertEquals(names(" head: error reading: Connection refused"), []);
});

Deno.test("of the server's routers the private ones are near", () => {
  const route = (gateway: string) => `eth0\t00000000\t${gateway}\t0003\t0\t0\t0\t00000000\n`;
  assertEquals(routers("Iface\tDestination\tGateway\n" + route("0101A8C0")), ["192.168.1.1"]);
  assertEquals(routers(route("01010101") + "eth0\t0001A8C0\t00000000\t0001\n"), []);
});

Deno.test("sessions that do not fit into the machine are told with what fits", () => {
  const machine = { MemTotal: 4 * 1024 * MIB };
  assertEquals(checkCapacity(machine, { maxTotal: 20, memoryBytes: 200 * MIB }).status, "ok");
  const { status, message, mend } = checkCapacity(machine, {
    maxTotal: 50,
    memoryBytes: 200 * MIB,
  });
  assertEquals([status, message], [
    "warn",
    "50 sessions may take 9.8 GB of this machine's 4.0",
  ]);
  assertMatch(mend!, /^set session\.max_total to 16 /);
});

Deno.test("the cgroup driver matters where systemd runs", () => {
  // deno-lint-ignore no-explicit-any -- the part that is looked at
  const info = (CgroupDriver: string): any => ({ CgroupDriver, CgroupVersion: "2" });
  const at = (booted: boolean, slice: string | null = null) => ({ booted, slice });
  assertEquals(checkCgroups(info("cgroupfs"), at(false)).status, "ok");
  assertEquals(checkCgroups(info("cgroupfs"), at(true)).status, "warn");
  assertEquals(
    checkCgroups(info("systemd"), at(true, "ttygate.slice")).message,
    "driver systemd, cgroup v2: containers are in ttygate.slice",
  );
});

Deno.test("an htpasswd file without anybody who can log in is broken", () => {
  const line = `a:$2y$12$${"a".repeat(53)}\n`;
  const first = (text: string) => judgeHtpasswd(text, "F")[0]!;
  assertEquals(first(line).message, "1 user of F can log in");
  assertEquals(
    first(line + line.replace("a:", "b:!")).message,
    "1 user of F can log in (locked: 1)",
  );
  assertEquals(first("# none\n").status, "fail");
  assertEquals(first(line.replace(":", ":!")).status, "fail");
  const many = Array.from({ length: 8 }, (_, i) => `u${i}:{SHA}x\n`).join("");
  const findings = judgeHtpasswd(line + many, "F");
  assertEquals(findings.length, 6);
  assertEquals(findings[5]!.message, "3 more lines of F like these");
});

Deno.test("what the service's user may read is decided by the modes on the way", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const file = join(dir, "htpasswd");
    await Deno.writeTextFile(file, `alice:$2y$12$${"a".repeat(53)}\n`);
    await Deno.chmod(dir, 0o711);
    await Deno.chmod(file, 0o600);
    const service = { name: "svc", uid: 4_000_000, gids: [4_000_000] };
    assertEquals(await barrierTo(file, service), await Deno.realPath(file));
    const [refused] = await checkHtpasswd(file, service);
    assertEquals([refused!.status, refused!.message], [
      "fail",
      `cannot read ${file}: the service's user svc may not`,
    ]);
    await Deno.chmod(file, 0o644);
    assertEquals(await barrierTo(file, service), null);
    assertEquals((await checkHtpasswd(file, service))[0]!.status, "ok");
    await Deno.chmod(dir, 0o700);
    assertEquals(await barrierTo(file, service), await Deno.realPath(dir));
    assertEquals(await barrierTo(file, { ...service, uid: 0 }), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the service's user may use Docker's socket, or that is told", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const path = join(dir, "docker.sock");
    using _listener = Deno.listen({ transport: "unix", path });
    await Deno.chmod(dir, 0o755);
    await Deno.chmod(path, 0o660);
    const service = { name: "svc", uid: 4_000_000, gids: [4_000_000] };
    const { message } = (await checkSocket(path, service))!;
    assertEquals(message, `the service's user svc may not use ${path}`);
    const gids = [Deno.gid()!];
    assertEquals(await checkSocket(path, { ...service, gids }), null);
    const agent = { ...service, gids };
    const gateway = { ...service, name: "web" };
    assertEquals(await checkSocket(path, agent, gateway), null);
    const freed = (await checkSocket(path, agent, { ...gateway, gids }))!;
    assertEquals([freed.status, /user web may use/.test(freed.message)], ["warn", true]);
    assertEquals(await checkSocket(path, null), null);
    assertEquals(await checkSocket(join(dir, "none"), service), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the owner's mode counts before the group's, and the group's before the others'", () => {
  const file = { uid: 1, gid: 2, mode: 0o100047 };
  assertEquals(isAllowed({ name: "", uid: 1, gids: [2] }, file, 4), false);
  assertEquals(isAllowed({ name: "", uid: 9, gids: [2] }, file, 4), true);
  assertEquals(isAllowed({ name: "", uid: 9, gids: [2] }, file, 1), false);
  assertEquals(isAllowed({ name: "", uid: 9, gids: [9] }, file, 1), true);
});

Deno.test("a user's groups are the own one, those that list it, and those that the unit adds", () => {
  const passwd = "root:x:0:0::/:/bin/sh\nttygate:x:900:901::/:/bin/false\n";
  const group = "docker:x:5:\nweb:x:6:alice,ttygate\nother:x:7:alice\n";
  assertEquals(identityOf("ttygate", ["docker"], { passwd, group }), {
    name: "ttygate",
    uid: 900,
    gids: [901, 5, 6],
  });
  assertEquals(identityOf("nobody", [], { passwd, group }), null);
});

Deno.test("a state directory that others may look into is told, and one that is missing", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await Deno.chmod(dir, 0o755);
    const { status, mend } = await checkStateDir(dir, null);
    assertEquals([status, mend], ["warn", `'chmod o= ${dir}'`]);
    await Deno.chmod(dir, 0o750);
    assertEquals((await checkStateDir(dir, null)).status, "ok");
    assertEquals([...Deno.readDirSync(dir)], []);
    const service = { name: "svc", uid: 4_000_000, gids: [] };
    assertEquals((await checkStateDir(dir, service)).status, "fail");
    assertEquals((await checkStateDir(join(dir, "x"), null)).status, "warn");
    assertEquals((await checkStateDir(join(dir, "x"), service)).status, "ok");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a certificate is looked at for its key and its time", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const [tlsCert, tlsKey, other] = ["cert", "key", "other"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const openssl = async (...args: string[]) => {
      const { success } = await new Deno.Command("openssl", { args, stderr: "null" }).output();
      assertEquals(success, true);
    };
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await openssl(
      ...["req", "-x509", ...curve, "-subj", "/CN=x", "-days", "30", "-out", tlsCert],
      ...["-keyout", tlsKey],
    );
    await openssl(
      "genpkey",
      "-algorithm",
      "EC",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-out",
      other,
    );
    const status = async (at: number, key = tlsKey) =>
      (await checkTls({ tlsCert, tlsKey: key }, null, at))!.status;
    const now = Date.now();
    assertEquals(await status(now), "ok");
    assertEquals(await status(now + 20 * DAY_MS), "warn");
    assertEquals(await status(now + 31 * DAY_MS), "fail");
    assertEquals(await status(now - DAY_MS), "fail");
    assertEquals(await status(now, other), "fail");
    assertEquals(await status(now, join(dir, "none")), "fail");
    assertEquals(await status(now, tlsCert), "fail");
    assertEquals(await checkTls({ tlsCert: null, tlsKey: null }, null, now), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a unit is to be installed, active and enabled, and the timer to fire", () => {
  const unit = (load: string, active: string, enabled: string) =>
    judgeUnit("u", { load, active, enabled }, "x").status;
  assertEquals(unit("loaded", "active", "enabled"), "ok");
  assertEquals(unit("loaded", "active", "disabled"), "warn");
  assertEquals(unit("loaded", "inactive", "enabled"), "warn");
  assertEquals(unit("loaded", "failed", "enabled"), "fail");
  assertEquals(unit("bad-setting", "inactive", ""), "fail");
  assertEquals(unit("not-found", "inactive", ""), "warn");
  const good = { load: "loaded", active: "active", enabled: "enabled" };
  assertEquals(
    judgeTimer(good, 1_000_000, 1_059_000).message,
    "it is enabled and active; it fired 59 s ago",
  );
  assertEquals(judgeTimer(good, 1_000_000, 1_200_000).status, "warn");
  assertEquals(judgeTimer(good, 0, 1_200_000).status, "ok");
});

Deno.test("a finding is one line, and in a terminal as many as it needs", () => {
  const finding: Finding = {
    check: "cpu",
    status: "fail",
    message: "one two three four five six seven eight",
    mend: "do this",
  };
  assertEquals(
    formatFinding(finding, { columns: null, colour: false }),
    `FAIL  cpu${" ".repeat(20)}one two three four five six seven eight; do this`,
  );
  const wide = formatFinding(finding, { columns: 60, colour: true }).split("\n");
  assertEquals(wide, [
    `\x1b[31mFAIL\x1b[0m  cpu${" ".repeat(20)}one two three four five six`,
    `${" ".repeat(29)}seven eight;`,
    `${" ".repeat(29)}do this`,
  ]);
  const narrow = formatFinding(finding, { columns: 30, colour: false }).split("\n");
  assertEquals(narrow, [
    "FAIL  cpu",
    "      one two three four five",
    "      six seven eight;",
    "      do this",
  ]);
  assertEquals(wrap("a-word-longer-than-the-line b", 5), ["a-word-longer-than-the-line", "b"]);
  assertEquals(
    summary([finding, { ...finding, status: "warn" }]),
    "1 of 2 checks failed, 1 warning",
  );
  assertEquals(summary([{ ...finding, status: "ok" }]), "all is well");
});

Deno.test("the line of progress is gone before anything else is printed", () => {
  let screen = "";
  {
    using progress = new ProgressLine((text) => screen += text, 20);
    progress.show("one");
    progress.show("two is longer than the terminal");
    progress.clear();
    progress.clear();
  }
  assertEquals(screen, "one …\r\x1b[Ktwo is longer than \r\x1b[K");
  new ProgressLine(null).show("nobody looks");
});

Deno.test("terminals are counted until they are refused, but for a runtime with its own", () => {
  const refused = "sh: 1: cannot create /dev/ptmx: No space left on device\n";
  assertEquals(judgeTerminals("opened\n".repeat(48) + refused, "").status, "ok");
  assertEquals(judgeTerminals("opened\n".repeat(56), "").status, "fail");
  assertEquals(judgeTerminals("opened\n".repeat(56), "runsc").status, "ok");
  assertEquals(judgeTerminals(refused, "").status, "warn");
});

Deno.test("a table of the kernel that some containers can use up is named with its value", () => {
  const kernel = (instances: number, ptys: number) =>
    `fs.inotify.max_user_instances ${instances}\nkernel.pty.max ${ptys}\nkernel.pty.reserve 1024\n`;
  assertMatch(judgeTables(kernel(128, 4096), 50).message, /: fs\.inotify\.\w+ is 128$/);
  assertEquals(judgeTables(kernel(2 ** 24, 4096), 50).status, "ok");
  assertMatch(judgeTables(kernel(2 ** 24, 4096), 200).message, /: kernel\.pty\.max is 4096$/);
  assertEquals(judgeTables(kernel(2 ** 24, 16_384), 200).status, "ok");
  assertEquals(judgeTables("", 50).status, "ok");
});

Deno.test("sockets have a limit of memory with cgroup v2 only", () => {
  assertEquals(checkSockets({ CgroupVersion: "2" }).status, "ok");
  assertEquals(checkSockets({}).status, "warn");
});
