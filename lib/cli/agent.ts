/** `ttygate agent`: this machine's sessions, for a gateway in another process. */
import { AgentServer } from "../agent/server.ts";
import { systemClock } from "../clock.ts";
import type { Config, LoadedConfig } from "../config.ts";
import { placeSocket } from "../http/unix_socket.ts";
import { hearLog, log } from "../log.ts";
import { Recent } from "../log/recent.ts";
import { Tail } from "../agent/tail.ts";
import { findMeans, findUser, HostEngine } from "../sessions/host_engine.ts";
import { identityFile } from "../nodes/identity.ts";
import { Joining } from "../nodes/joining.ts";
import { takeListenFds } from "../systemd/listen_fds.ts";
import { notify } from "../systemd/notify.ts";
import { properties, unitObject } from "../systemd/properties.ts";
import { StatusLine } from "../systemd/status.ts";
import { feedWatchdog } from "../systemd/watchdog.ts";
import { join } from "./agent_join.ts";
import { type Command, parseCommandArgs } from "./command.ts";
import { readAndAsk, tellProblems } from "./docker_view.ts";
import { openLocalAgent, partWith, RESTART_SIGNAL, statusOf } from "./local_agent.ts";
import { Reloader, tellReload } from "./reload.ts";
import { registrySettingsOf } from "./settings.ts";
import { Signals } from "./signals.ts";

/** As the package installs it. */
const SERVICE = "ttygate-agent.service";
/** For the gateway, in its group. */
const SOCKET_MODE = 0o660;

export const command: Command = {
  name: "agent",
  summary: "runs this machine's sessions, for a gateway in another process",
  help: `
Usage: ttygate agent [--config FILE]
       ttygate agent join URL [--ca FILE] [--config FILE]

Has the containers of this machine and all that belongs to their sessions, and serves a gateway
whose gateway.agent names its socket: the one that systemd passed, or else agent.socket. That
process, which faces the internet, needs no access to Docker then, and can be restarted without any
shell's noticing.
SIGHUP reads the configuration again; when it is wrong, the one before stays in effect.
SIGTERM ends every session and then the agent. SIGUSR2 ends the agent alone: the next one goes on
with its sessions, as it does with those of an agent that crashed.

'join' makes this machine a node of the gateway at URL: it asks for the token that
'ttygate node invite' printed there, or reads it from standard input. From then on the agent dials
that gateway, which need not be able to reach this machine.

  --ca FILE  certificates to trust for that gateway, in PEM, in the place of the system's
`,
  async run(args, context) {
    const [verb, ...rest] = args;
    if (verb === "join") {
      Deno.permissions.revokeSync({ name: "run" });
      await join(rest, context);
      return 0;
    }
    parseCommandArgs(args, {});
    await runAgent(() => context.config());
    return 0;
  },
};

async function runAgent(read: () => Promise<LoadedConfig>): Promise<void> {
  await using held = new AsyncDisposableStack();
  const signals = new Signals(["SIGTERM", "SIGINT", RESTART_SIGNAL]);
  held.use(feedWatchdog({ notify, clock: systemClock }));

  const first = await read();
  giveUpPrograms(first.config);
  const live = { settings: settingsOf(first.config) };
  const { stateDir } = first.config.agent;
  const host = await openHost(first.config, held);
  const recent = new Recent(() => new Date());
  const tail = new Tail(() => new Date());
  hearLog((entry) => {
    recent.take(entry);
    tail.take(entry);
  });
  const opened = await openLocalAgent(live, stateDir, held, { host, recent, tail });
  const listener = held.use(new AgentServer(opened.agent, log));
  log.info(`listening on ${await listen(listener, first.config)}`, { listener: "agent" });

  held.use(
    new Joining({
      path: identityFile(stateDir),
      status: () => opened.agent.statusNow(),
      serve: (stream, onUse) => listener.accept(stream, onUse),
      clock: systemClock,
      log,
    }),
  );

  const describe = () => `Serving ${statusOf(opened)}`;
  const status = held.use(new StatusLine({ describe, notify, clock: systemClock }));
  const reloader = new Reloader({
    load: () => readAndAsk(read),
    running: () => live.settings.config,
    take: (config) => {
      live.settings = settingsOf(config);
      opened.registry.refresh();
      return Promise.resolve();
    },
    tell: (stage) => tellReload(stage, status),
    log,
  });
  signals.onReload(() => reloader.reload());
  await status.tell("READY=1");
  tellProblems(first);
  log.info("the agent is ready", { event: "ready", instance: first.config.docker.instance });
  const why = await signals.leave;
  status[Symbol.dispose]();
  listener.server.close();
  await partWith(opened.registry, why);
}

/** The shells of this machine itself, where they are to be offered. */
async function openHost(
  { agent: { shell, shellUser }, docker: { instance } }: Config,
  held: AsyncDisposableStack,
): Promise<HostEngine | null> {
  if (shell !== "host") return null;
  const [mainPid] =
    await properties(unitObject(SERVICE, "Service"), ["MainPID"], new AbortController().signal) ??
      [];
  const means = await findMeans(mainPid === Deno.pid ? SERVICE : null);
  if (!means.systemd) {
    log.warning("systemd does not run here: the shells of this machine have no limits");
  }
  const user = await findUser(shellUser, means);
  return held.use(await HostEngine.start({ instance, user, means }));
}

/** What serves strangers runs no program, but for the shells that it is to offer. */
export function giveUpPrograms({ agent: { shell } }: Config): void {
  if (shell !== "host") Deno.permissions.revokeSync({ name: "run" });
}

function settingsOf(config: Config) {
  return { config, registry: registrySettingsOf(config, true) };
}

/** @returns where it listens */
async function listen({ server }: AgentServer, { agent: { socket } }: Config): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  const [passed] = takeListenFds();
  if (passed) {
    server.listen({ fd: passed.fd }, resolve);
    await promise;
    return "the socket that systemd passed";
  }
  try {
    await placeSocket(socket, SOCKET_MODE, (path) => {
      server.listen(path, resolve);
      return promise;
    });
  } catch (error) {
    throw new Error(`cannot listen on ${socket}: ${(error as Error).message}`, { cause: error });
  }
  return socket;
}
