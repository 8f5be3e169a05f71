/** Says how the services are: failed, or in a restart loop, and why as far as systemd knows. */
import { sleep, systemClock } from "../../clock.ts";
import { fail, type Finding, warn } from "./finding.ts";
import type { System } from "./system_checks.ts";

/** One that has run for this long has got over what made it restart. */
const SETTLED_MS = 60_000;

/** How often a service that is restarted is looked at, for what it ends of. */
const TRIES = 20, AGAIN_MS = 50;

/** What an exit status of systemd's own means (systemd.exec(5), "Process Exit Codes"). */
const SYSTEMD_STATUS: Readonly<Record<number, string>> = {
  200: "it could not enter its working directory",
  203: "the program is not where ExecStart= says, or cannot be run",
  216: "a group of the unit does not exist, such as docker in SupplementaryGroups=",
  217: "the user of the unit does not exist",
  226: "its sandbox could not be made: a path that the unit names is missing",
  233: "its runtime directory could not be made",
  238: "its state directory could not be made",
  239: "its cache directory could not be made",
  243: "a file that LoadCredential= names is missing or cannot be read",
};

/** What systemd says of a service. */
export interface ServiceState {
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** How the last process ended: its exit status, or the signal. */
  readonly status: number;
  readonly restarts: number;
  /** When it became active last, in Unix milliseconds. */
  readonly activeSinceMs: number;
}

/** A service, or nothing where all is well with it. */
export async function checkService(
  system: System,
  unit: string,
  nowMs: number,
): Promise<Finding[]> {
  let state = await stateOf(system, unit);
  // In the moment of a restart systemd does not say what came before.
  for (let tries = 1; isUnexplained(state) && tries < TRIES; tries++) {
    await sleep(AGAIN_MS, systemClock);
    state = await stateOf(system, unit);
  }
  return judgeService(unit, state, nowMs);
}

async function stateOf(system: System, unit: string): Promise<ServiceState> {
  const [[active, sub, since], [result, status, restarts]] = await Promise.all([
    system.ask(unit, "Unit", "ActiveState", "SubState", "ActiveEnterTimestamp"),
    system.ask(unit, "Service", "Result", "ExecMainStatus", "NRestarts"),
  ]);
  return {
    active: String(active ?? ""),
    sub: String(sub ?? ""),
    result: String(result ?? ""),
    status: Number(status ?? 0),
    restarts: Number(restarts ?? 0),
    activeSinceMs: Number(since ?? 0) / 1000,
  };
}

function isUnexplained({ active, restarts, result }: ServiceState): boolean {
  return active === "activating" && restarts > 0 && result === "success";
}

/** Services come and go; only a failure is worth a line. */
export function judgeService(unit: string, state: ServiceState, nowMs: number): Finding[] {
  const { active, sub, restarts, activeSinceMs } = state;
  const see = `${why(state)}; see 'journalctl -u ${unit} -n 20'`;
  if (active === "failed") return [fail(unit, "it failed", see)];
  const isBetween = sub === "auto-restart" || active === "activating";
  if (isBetween && restarts > 0) {
    const message = `it does not start: systemd has restarted it ${times(restarts)}`;
    return [fail(unit, message, see)];
  }
  if (active === "activating") {
    return [warn(unit, "it is starting", `see 'journalctl -u ${unit}' if it stays so`)];
  }
  if (active === "active" && restarts > 0 && nowMs - activeSinceMs < SETTLED_MS) {
    return [warn(unit, `systemd has restarted it ${times(restarts)}, the last just now`, see)];
  }
  return [];
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function why({ result, status }: ServiceState): string {
  switch (result) {
    case "exit-code":
      return SYSTEMD_STATUS[status] ?? `it ended with exit status ${status}`;
    case "signal":
    case "core-dump":
      return `it was ended by signal ${status}`;
    case "watchdog":
      return "it gave no sign of life";
    case "oom-kill":
      return "it ran out of memory";
    case "timeout":
      return "it took too long to start or to stop";
    case "resources":
      return "systemd could not give it what its unit asks for";
    default:
      return "what came before is in its journal";
  }
}
