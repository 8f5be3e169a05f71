/** `ttygate serve`: wires the rooms, runs, reloads on SIGHUP, leaves on a signal or when idle. */
import { dialAgent, RemoteAgent } from "../agent/remote.ts";
import { systemClock } from "../clock.ts";
import type { Config, LoadedConfig } from "../config.ts";
import { log } from "../log.ts";
import { notify } from "../systemd/notify.ts";
import { StatusLine } from "../systemd/status.ts";
import { feedWatchdog } from "../systemd/watchdog.ts";
import { type Command, parseCommandArgs } from "./command.ts";
import { readAndAsk, tellProblems } from "./docker_view.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { openGateway } from "./gateway.ts";
import { type Life, untilIdle } from "./idle_exit.ts";
import { nodeName, openLocalAgent, partWith, RESTART_SIGNAL, statusOf } from "./local_agent.ts";
import { Reloader, tellReload } from "./reload.ts";
import { changedSettings, type Live, settingsOf } from "./settings.ts";
import { Signals } from "./signals.ts";
import { count } from "./words.ts";

export const command: Command = {
  name: "serve",
  summary: "runs the gateway",
  help: `
Usage: ttygate serve [--config FILE]

Runs the gateway on the sockets that systemd passed, or else on gateway.listen.
SIGHUP reads the configuration again; when it is wrong, the one before stays in effect.
SIGTERM ends every session and then the gateway. SIGUSR2 ends the gateway alone: the next one goes
on with its sessions, as it does with those of a gateway that crashed. Where gateway.agent names an
agent's socket, the sessions are the agent's, and neither signal ends any.
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
  const { agent: where, stateDir } = live.settings.config.gateway;
  const local = where === "own" ? await openLocalAgent(live, stateDir, held) : null;
  const own = where === "none"
    ? null
    : local?.agent ?? new RemoteAgent(() => dialAgent(where), systemClock);
  const machine = own && { name: nodeName(live.settings.config), agent: own };
  // Sessions of its own tell their viewers themselves.
  const restarting = local ? new AbortController().signal : signals.left;
  const ends = { leaving: restarting, stopping: signals.left };
  const gateway = await openGateway(live, { local: machine, ...ends }, held);
  warnUnlessReadable(live);
  const listeners = await openListeners(gateway, live.settings, held);
  warnOfWhatHasNoEffect(live, listeners);

  const status = held.use(new StatusLine({ describe, notify, clock: systemClock }));
  const load = () => readAndAsk(read);
  const running = () => live.settings.config;
  const reloader = new Reloader({ load, running, take, tell, log });
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
  if (listeners.activated) {
    const idle = untilIdle({ life, idleExitMs, clock: systemClock }, signals.left);
    leaving.push(idle.then(() => "idle" as const));
  }
  const why = await Promise.race(leaving);
  phase = "leaving";
  status[Symbol.dispose]();
  for (const server of listeners.all) server.stopAccepting();
  if (local) await partWith(local.registry, why);
  else {
    await notify("STOPPING=1", "STATUS=Leaving; the sessions go on at the agent");
    log.info("leaving; the sessions go on at the agent", { event: "stop", signal: why });
  }

  async function take(config: Config, changed: readonly string[]): Promise<void> {
    const settings = await changedSettings(config, changed);
    if (settings.certificate) {
      for (const server of listeners.secured) server.renew(settings.certificate);
    }
    live.settings = settings;
    local?.registry.refresh();
  }

  function describe(): string {
    const what = local ? statusOf(local) : count(gateway.terminals.size, "terminal");
    const failed = reloader.failed ? "; the last reload failed, the journal says why" : "";
    return `Serving ${what}${failed}`;
  }

  async function tell(stage: "begun" | "over"): Promise<void> {
    await tellReload(stage, status);
    if (stage === "over") warnOfWhatHasNoEffect(live, listeners);
  }

  function life(): Life {
    const visits = listeners.all.map((server) => server.visits);
    const isVisited = visits.some(({ live }) => live);
    const lives = isVisited || local?.agent.lives === true;
    return { lives, visits: visits.reduce((sum, { total }) => sum + total, 0) };
  }
}

/** What nobody has set. */
const DEFAULT_LISTEN = JSON.stringify([
  { transport: "tcp", hostname: "127.0.0.1", port: 8080 },
]);

/** Who sets these believes that they do something. */
function warnOfWhatHasNoEffect({ settings: { config } }: Live, { activated }: Listeners): void {
  const { gateway, audit, ssh } = config;
  const set = [audit.file !== null && "audit.file", audit.record !== "off" && "audit.record"]
    .filter((key) => key !== false);
  if (set.length > 0) log.warning(`${set.join(", ")} has no effect in this version`);
  if (activated && JSON.stringify(gateway.listen) !== DEFAULT_LISTEN) {
    log.warning("gateway.listen has no effect: systemd's ttygate.socket says where to listen");
  }
  if (activated && ssh.listen.length > 0) {
    log.warning("ssh.listen has no effect: systemd's ttygate-ssh.socket says where to listen");
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
