/** How a program of this machine is run as another user, within limits where systemd can set them; pure. */
import type { Limits } from "../types.ts";

/** What this process may do, by which the way is chosen. */
export interface Means {
  /** Whether it is root, who alone may become somebody else. */
  readonly root: boolean;
  /** Whether systemd runs the machine, or where this is not root, a manager of this user's. */
  readonly systemd: boolean;
  /** The service that this process is; null where it is none. */
  readonly service: string | null;
}

/** A line of passwd(5). */
export interface User {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
}

/** One shell. */
export interface HostShellSpec {
  /** The unit that it is in, where systemd runs it. */
  readonly unit: string;
  readonly user: User;
  readonly limits: Limits;
  /** How long it may run at all, should nobody be left to end it. */
  readonly lifetimeSeconds: number;
}

/** What such a shell finds in its environment. */
export const SHELL_ENV = { TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8" };

/** The program and its arguments that run `program` as the shell's user; with this process it ends. */
export function shellCommand(
  { unit, user, limits, lifetimeSeconds }: HostShellSpec,
  means: Means,
  program: readonly string[],
): string[] {
  if (!means.systemd) return [...become(user, means), ...program];
  const { cpus, memoryBytes, pids } = limits;
  const properties = [
    `CPUQuota=${Math.max(1, Math.round(cpus * 100))}%`,
    `MemoryMax=${memoryBytes}`,
    "MemorySwapMax=0",
    `TasksMax=${pids}`,
    "OOMScoreAdjust=500",
    "NoNewPrivileges=yes",
    // A shell hears that its terminal is gone, and what does not mind it is killed.
    "SendSIGHUP=yes",
    "TimeoutStopSec=2",
    `RuntimeMaxSec=${lifetimeSeconds}`,
    ...(means.service === null ? [] : [`BindsTo=${means.service}`]),
  ];
  return [
    ...systemdRun(user, means),
    `--unit=${unit}`,
    ...properties.flatMap((property) => ["-p", property]),
    ...Object.entries(SHELL_ENV).map(([name, value]) => `--setenv=${name}=${value}`),
    ...program,
  ];
}

/** The same for a word to one of its files. */
export function sideCommand(user: User, means: Means, program: readonly string[]): string[] {
  const run = means.systemd && means.root ? systemdRun : become;
  return [...run(user, means), ...program];
}

/** What ends the unit with all that runs in it; null where there is none. */
export function stopCommand(unit: string, means: Means): string[] | null {
  if (!means.systemd) return null;
  return ["systemctl", ...(means.root ? [] : ["--user"]), "stop", `${unit}.service`];
}

function systemdRun({ name }: User, { root }: Means): string[] {
  const who = root ? [`--uid=${name}`] : ["--user"];
  return ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec", ...who];
}

function become({ uid, gid }: User, { root }: Means): string[] {
  const ids = root ? [`--reuid=${uid}`, `--regid=${gid}`, "--init-groups"] : [];
  return ["setpriv", ...ids, "--no-new-privs", "--pdeathsig=TERM"];
}
