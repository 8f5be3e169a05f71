/** `ttygate serve`: wires the rooms, runs, reloads on SIGHUP, leaves on a signal or when idle. */
import { systemClock } from "../clock.ts";
import { type Config, ConfigError, formatProblem, type LoadedConfig } from "../config.ts";
import { log } from "../log.ts";
import { CountingLog } from "../log/counting.ts";
import { ending } from "../sessions/endings.ts";
import { notify } from "../systemd/notify.ts";
import { StatusLine } from "../systemd/status.ts";
import { feedWatchdog } from "../systemd/watchdog.ts";
import { type Command, parseCommandArgs } from "./command.ts";
import { askDocker } from "./docker_view.ts";
import { type Doors, openDoors } from "./doors.ts";
import { openGateway } from "./gateway.ts";
import { type Life, untilIdle } from "./idle_exit.ts";
import { openLocalAgent } from "./local_agent.ts";
import { Reloader } from "./reload.ts";
import { type Live, settingsOf } from "./settings.ts";
import { Signals } from "./signals.ts";
import { count } from "./words.ts";

/** Ends the gateway and leaves its sessions to the next one (RestartKillSignal=, systemd.kill(5)). */
const RESTART_SIGNAL = "SIGUSR2";

export const command: Command = {
  name: "serve",
  summary: "runs the gateway",
  help: `
Usage: ttygate serve [--config FILE]

Runs the gateway on the sockets that systemd passed, or else on gateway.listen.
SIGHUP reads the configuration again; when it is wrong, the one before stays in effect.
SIGTERM ends every session and then the gateway. SIGUSR2 ends the gateway alone: the next one goes
on with its sessions, as it does with those of a gateway that crashed.
`,
  async run(args, context) {
    parseCommandArgs(args, {});
    await serve(() => context.config());
    return 0;
  },
};

/** Runs until it is told to leave or may; everything it made is gone when it returns. */
async function serve(read: () => Promise<LoadedConfig>): Promise<void> {
  await using held = new AsyncDisposableStack();
  const signals = new Signals(["SIGTERM", "SIGINT", RESTART_SIGNAL]);
  held.use(feedWatchdog({ notify, clock: systemClock }));

  const first = await read();
  const live: Live = { settings: await settingsOf(first.config) };
  const { stateDir } = live.settings.config.gateway;
  const counted = held.use(new CountingLog(log, systemClock));
  const { agent, registry, maintenance } = await openLocalAgent(live, { stateDir, counted }, held);
  const gateway = await openGateway(
    live,
    { agent, counted, leaving: new AbortController().signal },
    held,
  );
  warnUnlessReadable(live);
  const doors = await openDoors(gateway, live.settings, held);
  warnOfWhatHasNoEffect(live, doors);

  const status = held.use(new StatusLine({ describe, notify, clock: systemClock }));
  const load = () => readAndAsk(read);
  const reloader = new Reloader({ load, live, registry, secured: doors.secured, tell, log });
  let phase: "serving" | "leaving" = "serving";
  signals.onReload(() => {
    if (phase === "serving") reloader.reload();
  });
  await status.tell("READY=1");
  // Docker may be on its way up, and those who have connected do not wait for what it says.
  tellProblems(first);
  log.info("ttygate is ready", { event: "ready", instance: live.settings.config.docker.instance });

  const idleExitMs = () => live.settings.config.gateway.idleExitMs;
  const leaving: Promise<Deno.Signal | "idle">[] = [signals.leave];
  if (doors.activated) {
    const idle = untilIdle({ life, idleExitMs, clock: systemClock }, signals.left);
    leaving.push(idle.then(() => "idle" as const));
  }
  const why = await Promise.race(leaving);
  phase = "leaving";
  status[Symbol.dispose]();
  for (const server of doors.all) server.stopAccepting();
  const sessions = registry.list().length;
  if (why === "idle") {
    await notify("STOPPING=1", "STATUS=Leaving, as nobody is here");
    log.info("leaving until somebody connects: nothing has lived for gateway.idle_exit", {
      event: "stop",
    });
    await registry.leave();
  } else if (why === RESTART_SIGNAL) {
    await notify("STOPPING=1", "STATUS=Leaving the sessions to the next gateway");
    log.info("restarting", { event: "stop", signal: why, sessions });
    await registry.leave();
  } else {
    await notify("STOPPING=1", "STATUS=Ending the sessions");
    log.info("stopping", { event: "stop", signal: why, sessions });
    await registry.endAll(ending("shutdown", "The server is being stopped."));
  }

  function describe(): string {
    const [sessions, ready] = [registry.list().length, registry.poolReady];
    const failed = reloader.failed ? "; the last reload failed, the journal says why" : "";
    const drained = maintenance.drain ? "; draining, so none can begin" : "";
    const shells = `${count(ready, "shell")} ready`;
    return `Serving ${count(sessions, "session")}, ${shells}${drained}${failed}`;
  }

  async function tell(stage: "begun" | "over"): Promise<void> {
    if (stage === "begun") {
      await notify("RELOADING=1", `MONOTONIC_USEC=${monotonicUsec()}`, "STATUS=Reloading");
    } else {
      await status.tell("READY=1");
      warnOfWhatHasNoEffect(live, doors);
    }
  }

  function life(): Life {
    const visits = doors.all.map((server) => server.visits);
    const isVisited = visits.some(({ live }) => live);
    const lives = isVisited || registry.list().length > 0 || registry.unseen.size > 0 ||
      registry.unsettled;
    return { lives, visits: visits.reduce((sum, { total }) => sum + total, 0) };
  }
}

/**
 * CLOCK_MONOTONIC, rounded up to a second, as systemd passes over what is older than its request.
 * Deno tells no more than for how many seconds the system has been up (sysinfo(2)), which counts
 * those asleep, too, and so is never less.
 */
function monotonicUsec(): number {
  return Deno.osUptime() * 1_000_000;
}

/**
 * Reads a configuration that is to be taken over.
 *
 * @throws {ConfigError} also when no session would start from it
 */
async function readAndAsk(read: () => Promise<LoadedConfig>): Promise<Config> {
  const loaded = await read();
  const { problems, warnings } = await askDocker(loaded);
  if (problems.length > 0) throw new ConfigError(problems);
  for (const warning of [...loaded.warnings, ...warnings]) log.warning(formatProblem(warning));
  return loaded.config;
}

/** Tells what is wrong with the configuration of a gateway that starts all the same. */
async function tellProblems(loaded: LoadedConfig): Promise<void> {
  for (const warning of loaded.warnings) log.warning(formatProblem(warning));
  const { problems, warnings } = await askDocker(loaded);
  for (const problem of problems) log.error(formatProblem(problem));
  for (const warning of warnings) log.warning(formatProblem(warning));
}

/** What nobody has set. */
const DEFAULT_LISTEN = JSON.stringify([
  { transport: "tcp", hostname: "127.0.0.1", port: 8080 },
]);

/** Who sets these believes that they do something. */
function warnOfWhatHasNoEffect({ settings: { config } }: Live, { activated }: Doors): void {
  const { gateway, audit } = config;
  const set = [audit.file !== null && "audit.file", audit.record !== "off" && "audit.record"]
    .filter((key) => key !== false);
  if (set.length > 0) log.warning(`${set.join(", ")} has no effect in this version`);
  if (activated && JSON.stringify(gateway.listen) !== DEFAULT_LISTEN) {
    log.warning("gateway.listen has no effect: systemd's ttygate.socket says where to listen");
  }
  if (gateway.idleExitMs !== null && !activated) {
    log.warning("gateway.idle_exit has no effect: no systemd socket would start the gateway again");
  }
}

function warnUnlessReadable({ settings: { users } }: Live): void {
  try {
    users.accounts();
  } catch (error) {
    log.warning("nobody can log in yet", { error });
  }
}
