/** Tries in a probe, and looks up, what containers share of the kernel's tables. */
import type { Info } from "deno-docker-api";
import { PTYS } from "../../sessions/ptys.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { unmeasured } from "./limits.ts";
import type { Probe } from "./probe.ts";

const LIMIT_MS = 15_000;
/** A shell opens the descriptors 3 to 9 only, so that it takes some of them. */
const OPENED_EACH = 7;
const SHELLS = Math.ceil((PTYS + 1) / OPENED_EACH) + 1;

const LOAD = "load ttygate's file for sysctl.d, as 'systemctl restart systemd-sysctl' does where " +
  "the package is installed; docs/containers.md tells of it";

/** Opens terminals until it may not. */
export async function checkTerminals(probe: Probe, runtime: string): Promise<Finding> {
  // With "command" a shell goes on, and keeps what it has, when it may not open one more.
  const opens = Array.from(
    { length: OPENED_EACH },
    (_, i) => `command exec ${i + 3}<>/dev/ptmx && echo opened`,
  );
  const script = `i=0; while [ $i -lt ${SHELLS} ]; do ( ${opens.join("; ")}; echo tried; ` +
    `exec sleep ${
      LIMIT_MS / 1000
    } ) & p="$p $!"; i=$((i + 1)); done; read -r _; kill -KILL $p; wait`;
  await using program = await probe.run(script);
  const said = await program.hear(new RegExp(`(tried\\n[^]*){${SHELLS}}`), LIMIT_MS);
  await program.goOn();
  await program.hear(/(?!)/, LIMIT_MS);
  return judgeTerminals(said, runtime);
}

/** @param said a line for each terminal that was opened, and the shell's words for the rest */
export function judgeTerminals(said: string, runtime: string): Finding {
  const opened = said.match(/^opened$/gm)?.length ?? 0;
  if (opened === 0) return unmeasured("terminals", said);
  if (opened <= PTYS) {
    return ok("terminals", `no more than ${PTYS} terminals are open in a container`);
  }
  if (runtime !== "" && runtime !== "runc") {
    return ok("terminals", `${runtime} has terminals of its own`);
  }
  return fail(
    "terminals",
    `${opened} terminals were opened in a container of ${PTYS}: a few can take all of the server's`,
    "see whether Docker's local volumes work ('docker volume ls'); with SELinux they cannot be " +
      "bounded, then raise kernel.pty.max",
  );
}

/** What one container can take of a table is far below these; the kernel's defaults are not. */
const ENOUGH: Readonly<Record<string, number>> = {
  "fs.inotify.max_user_instances": 1_000_000,
  "fs.inotify.max_user_watches": 10_000_000,
  "fs.file-max": 10_000_000,
};
const PTY_MAX = "kernel.pty.max", PTY_RESERVE = "kernel.pty.reserve";

/** Whether a few containers can use up what all need, as far as one of them sees it. */
export async function checkTables(probe: Probe, containers: number): Promise<Finding> {
  const names = [...Object.keys(ENOUGH), PTY_MAX, PTY_RESERVE];
  const reads = names.map((name) => `echo "${name} $(cat /proc/sys/${name.replaceAll(".", "/")})"`);
  await using program = await probe.run(reads.join("; "));
  return judgeTables(await program.hear(/(?!)/, LIMIT_MS), containers);
}

/**
 * @param said names and values, as sysctl(8) has them; another runtime's kernel has none
 * @param containers how many there may be at a time
 */
export function judgeTables(said: string, containers: number): Finding {
  const values = new Map(
    [...said.matchAll(/^(\S+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  const least = { ...ENOUGH, [PTY_MAX]: containers * PTYS + (values.get(PTY_RESERVE) ?? 0) };
  const small = Object.entries(least).filter(([name, enough]) =>
    (values.get(name) ?? enough) < enough
  );
  if (small.length === 0) {
    return ok("kernel's tables", "no few containers can use up what the kernel has for all");
  }
  const each = small.map(([name]) => `${name} is ${values.get(name)}`).join(", ");
  return warn(
    "kernel's tables",
    `containers can use up what the kernel has for all: ${each}`,
    LOAD,
  );
}

/** With cgroup v1 the kernel counts what waits in sockets for nobody's memory. */
export function checkSockets({ CgroupVersion }: Pick<Info, "CgroupVersion">): Finding {
  return CgroupVersion === "2" ? ok("sockets", "their memory is the container's") : warn(
    "sockets",
    "what waits in containers' sockets is in no limit of memory, with cgroup v1",
    "start the server with systemd.unified_cgroup_hierarchy=1 on the kernel's command line",
  );
}
