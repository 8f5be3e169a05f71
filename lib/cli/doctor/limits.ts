/** Measures in a probe whether what a session's container is promised to have and not to have is so. */
import { sleep, systemClock } from "../../clock.ts";
import { OPEN_FILES } from "../../sessions/container_spec.ts";
import { describeSpace, type DiskSpace, shortage } from "../../sessions/disk_space.ts";
import { sizeInWords } from "../../sessions/endings.ts";
import type { Engine } from "../../sessions/engine.ts";
import type { Limits } from "../../types.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import type { Probe } from "./probe.ts";

const MIB = 1024 * 1024;
/** The doctor does no harm: a limit above these is measured at this size, as Docker sets it the same way. */
const MEMORY_BYTES = 256 * MIB;
const DISK_BYTES = 64 * MIB;
const PIDS = 512;
/** How long the CPU is kept busy: fifteen periods of the kernel's quota. */
const CPU_MS = 1_500;
/** Of measurements that end by themselves. */
const LIMIT_MS = 15_000;

/** A share up to so much over the limit is the measurement's own error. */
const CPU_TOLERANCE = 1.25;

const UNENFORCED_MEND =
  "mount the cgroup controllers and see 'docker info' for warnings; a container.runtime that ignores cgroups cannot limit";

const DISK_MEND = "put Docker's data on xfs mounted with pquota, under the overlay2 driver";
/** What a probe writes, to be found again. */
const FOUND_BYTES = 16 * MIB;

/** The limits that the probe is made with. */
export function probeLimits({ cpus, memoryBytes, pids, diskBytes }: Limits): Limits {
  return {
    cpus,
    memoryBytes: Math.min(memoryBytes, MEMORY_BYTES),
    pids: Math.min(pids, PIDS),
    diskBytes: Math.min(diskBytes, DISK_BYTES),
  };
}

/**
 * What a session is promised besides its limits: no raw sockets, no new privileges, and system calls
 * that seccomp filters, unless another runtime than Docker's own sees to them in its own way.
 */
export async function checkPrivileges(probe: Probe, runtime: string): Promise<Finding[]> {
  const names = judgeCgroupNames(await told(probe, "cat /proc/self/cgroup"));
  const privileges = judgePrivileges(
    await told(probe, "cat /proc/self/status /proc/self/limits"),
    runtime,
  );
  return [privileges, ...(names === null ? [] : [names])];
}

/**
 * Null where a container sees its own cgroup only.
 *
 * @param said /proc/self/cgroup, cgroups(7); another runtime's kernel may have none
 */
export function judgeCgroupNames(said: string): Finding | null {
  const [, name] = /^\d+:[^:]*:\/((?!\.\.)\S+)$/m.exec(said) ?? [];
  return name === undefined ? null : warn(
    "cgroup names",
    `containers see what the server's cgroups are called, such as ${name.slice(0, 40)}`,
    "start the server with systemd.unified_cgroup_hierarchy=1 on the kernel's command line",
  );
}

/** @param said /proc/self/status, and /proc/self/limits where there is one, proc(5) */
export function judgePrivileges(said: string, runtime: string): Finding {
  const check = "privileges";
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(said)?.[1];
  const bounding = field("CapBnd");
  if (bounding === undefined) return unmeasured(check, said);
  const [, files = OPEN_FILES] = /^Max open files +\S+ +(\S+)/m.exec(said) ?? [];
  const isOwn = runtime === "" || runtime === "runc";
  const missing = [
    // CAP_NET_RAW, capabilities(7).
    (BigInt(`0x${bounding}`) >> 13n & 1n) === 1n && "they may open raw sockets",
    field("NoNewPrivs") !== "1" && "setuid programs gain privileges",
    isOwn && field("Seccomp") !== "2" && "no seccomp filter holds system calls back",
    isOwn && !(Number(files) <= OPEN_FILES) && `a process may open ${files} files`,
  ].filter((part) => part !== false);
  return missing.length === 0
    ? ok(check, `no raw sockets, no new privileges, and ${isOwn ? "a seccomp filter" : runtime}`)
    : fail(
      check,
      `in containers ${missing.join(", and ")}`,
      "mend the Docker daemon's seccomp profile and container.runtime; 'docker info' names them",
    );
}

/** Keeps processors busy and compares what they did with the limit. */
export async function checkCpu(probe: Probe, { cpus }: Limits, machine: number): Promise<Finding> {
  const loops = Math.min(Math.floor(cpus) + 1, machine);
  const script = [
    // Both clocks are the container's: what this process hears may come late.
    "read -r t0 _ </proc/uptime",
    `i=0; while [ $i -lt ${loops} ]; do { while :; do :; done; } & p="$p $!"; i=$((i + 1)); done`,
    "echo busy; read -r _; kill -KILL $p; wait; read -r t1 _ </proc/uptime",
    'echo "uptime $t0 $t1"; times',
    // cgroup v2 has the first, v1 the second.
    "cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat; echo end",
  ].join("\n");
  await using program = await probe.run(`{ ${script}\n} 2>/dev/null`);
  const busy = await program.hear(/busy/, LIMIT_MS);
  if (!busy.includes("busy")) return unmeasured("cpu", busy);
  await sleep(CPU_MS, systemClock, probe.signal);
  await program.goOn();
  const said = await program.hear(/end/, LIMIT_MS);
  return judgeCpu(said, cpus, machine);
}

/**
 * Busy neighbours may leave little to a container that nothing limits: that the kernel counts
 * periods of a quota tells the two apart.
 *
 * @param said uptime before and after, what `times` says, and cpu.stat where it can be read
 */
export function judgeCpu(said: string, cpus: number, machine: number): Finding {
  // The shell's own user and system time, then its children's.
  const times = [...said.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) =>
    Number(m) * 60 + Number(s)
  );
  const [, , user, system] = times;
  const [, from, to] = /uptime ([\d.]+) ([\d.]+)/.exec(said) ?? [];
  if (user === undefined || system === undefined || !to) return unmeasured("cpu", said);
  const share = (user + system) / (Number(to) - Number(from));
  const got = `a busy container got ${share.toFixed(2)} CPUs of its ${cpus}`;
  if (cpus >= machine) return ok("cpu", `${got}, which is all that this machine has`);
  const tooMuch = share > cpus * CPU_TOLERANCE;
  if (tooMuch || /^nr_periods 0$/m.test(said)) {
    const why = tooMuch ? "" : ", and the kernel counts no quota";
    return fail("cpu", `container.cpus is not enforced: ${got}${why}`, UNENFORCED_MEND);
  }
  return ok("cpu", got);
}

/** Takes half as much again as the limit: more than the memory, less than with as much swap. */
export async function checkMemory(probe: Probe, { memoryBytes }: Limits): Promise<Finding> {
  const script = "command -v head tail >/dev/null || exit; " +
    `head -c ${Math.round(memoryBytes * 1.5)} /dev/zero | tail >/dev/null; echo "status $?"`;
  return judgeMemory(await told(probe, script), memoryBytes);
}

export function judgeMemory(said: string, memoryBytes: number): Finding {
  const size = `${Math.round(memoryBytes / MIB)} MB`;
  const status = /status (\d+)/.exec(said)?.[1];
  if (status === "137") return ok("memory", `a program over ${size} is killed, swap counted`);
  if (status !== "0") return unmeasured("memory", said);
  return fail(
    "memory",
    `container.memory is not enforced: a program took half as much again as its ${size}`,
    UNENFORCED_MEND + "; swap is limited where the kernel has swapaccount=1",
  );
}

/** Forks until it may not. Leaves its processes behind, so it comes last. */
export async function checkPids(probe: Probe, { pids }: Limits): Promise<Finding> {
  const script = `i=0; while [ $i -le ${pids} ]; do sleep 9 & i=$((i + 1)); echo "forked $i"; done`;
  await using program = await probe.run(script);
  // A shell may try for long what it is refused.
  const end = new RegExp(`forked ${pids + 1}\\n|fork:|Cannot fork|can't fork`, "i");
  return judgePids(await program.hear(end, LIMIT_MS), pids);
}

export function judgePids(said: string, pids: number): Finding {
  const forks = [...said.matchAll(/forked (\d+)/g)].map(([, count]) => Number(count));
  const highest = Math.max(0, ...forks);
  if (highest > pids) {
    return fail(
      "pids",
      `container.pids is not enforced: ${highest} processes were let into a container of ${pids}`,
      UNENFORCED_MEND,
    );
  }
  return /fork:|cannot fork|can't fork/i.test(said)
    ? ok("pids", `no more than ${pids} processes run in a container`)
    : unmeasured("pids", said);
}

/** What the engine has to do with the disk. */
type DiskEngine = Pick<Engine, "limitsDisk" | "heldBytes" | "space">;

/** Writes more than the limit, where Docker is told of one; elsewhere, whether it is found. */
export async function checkDisk(
  probe: Probe,
  { diskBytes }: Limits,
  { engine, limitBytes, minFreeBytes }: {
    readonly engine: DiskEngine;
    /** A session's, which may be larger than what is tried here. */
    readonly limitBytes: number;
    readonly minFreeBytes: number;
  },
): Promise<Finding[]> {
  const file = "/var/tmp/ttygate-doctor";
  const write = (bytes: number) =>
    told(probe, `head -c ${bytes} /dev/zero >${file}; echo "status $?"`);
  const space = await engine.space(probe.signal);
  const room = space === null ? [] : [judgeRoom(space, minFreeBytes)];
  if (engine.limitsDisk === true) {
    const said = await write(diskBytes + FOUND_BYTES);
    await told(probe, `rm -f ${file}`);
    return [judgeDisk(said, diskBytes), ...room];
  }
  const said = await write(FOUND_BYTES);
  const heldBytes = await engine.heldBytes(probe.container, probe.signal);
  await told(probe, `rm -f ${file}`);
  return [judgeWatch({ said, heldBytes, isSeen: space !== null, limitBytes }), ...room];
}

/** Whether a session over its limit is found: by free space first, and then by its files. */
export function judgeWatch({ said, heldBytes, isSeen, limitBytes }: {
  readonly said: string;
  readonly heldBytes: number;
  readonly isSeen: boolean;
  readonly limitBytes: number;
}): Finding {
  const check = "disk";
  if (!/status 0/.test(said)) return unmeasured(check, said);
  if (!isSeen) {
    const message =
      "container.disk is neither enforced nor watched: Docker cannot limit it here, " +
      "and the free space of its data cannot be seen";
    return warn(check, message, DISK_MEND);
  }
  if (heldBytes < FOUND_BYTES) {
    const message = `of ${FOUND_BYTES / MIB} MB that a container wrote Docker found ` +
      `${Math.floor(heldBytes / MIB)}, so no session that writes too much is ended`;
    return fail(check, message, DISK_MEND);
  }
  return ok(
    check,
    `a session whose files take over ${sizeInWords(limitBytes)} is found and ended; ` +
      "Docker itself cannot limit it here",
  );
}

export function judgeRoom(space: DiskSpace, minFreeBytes: number): Finding {
  const check = "free disk";
  const lacks = shortage(space, minFreeBytes);
  const mark = sizeInWords(minFreeBytes);
  if (lacks === null) {
    return ok(check, `${describeSpace(space)} for Docker's data; nothing starts below ${mark}`);
  }
  return fail(
    check,
    `no session starts: Docker's data has ${
      describeSpace(space)
    } left, and docker.min_free is ${mark}`,
    "make room ('docker system df' shows what Docker holds), or set docker.min_free to less",
  );
}

export function judgeDisk(said: string, diskBytes: number): Finding {
  const size = `${Math.round(diskBytes / MIB)} MB`;
  if (/status 0/.test(said)) {
    return fail(
      "disk",
      `container.disk is not enforced: more than ${size} were written`,
      DISK_MEND,
    );
  }
  return /no space|quota/i.test(said)
    ? ok("disk", `no more than ${size} can be written`)
    : unmeasured("disk", said);
}

async function told(probe: Probe, script: string): Promise<string> {
  await using program = await probe.run(script);
  return await program.hear(/(?!)/, LIMIT_MS);
}

/** The measurement itself failed, which says nothing about the limit. */
export function unmeasured(check: string, said: string): Finding {
  const last = said.trim().split("\n").at(-1)?.slice(0, 120);
  return warn(
    check,
    `could not be measured: ${last || `the probe said nothing within ${LIMIT_MS / 1000} s`}`,
    "give container.image /bin/sh, bash, cat, head, sleep, tail and timeout, or try again when the " +
      "machine is idle",
  );
}
