/** `ttygate serve`: wires the rooms, runs the gateway, drains it on SIGTERM. */
import { join } from "node:path";
import { Faillock } from "../auth/faillock.ts";
import { GroupsFile } from "../auth/groups.ts";
import { Hasher } from "../auth/hasher.ts";
import { HtpasswdFile } from "../auth/htpasswd_file.ts";
import { Logins } from "../auth/login.ts";
import { AuthStack } from "../auth/stack.ts";
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { Assets } from "../http/assets.ts";
import type { Gateway } from "../http/gateway.ts";
import { HttpServer, type ListenTarget, type ServerOptions } from "../http/server.ts";
import { log } from "../log.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import { ending } from "../sessions/endings.ts";
import { leasedSessions, Leases } from "../sessions/leases.ts";
import { memoryIsLow } from "../sessions/memory.ts";
import { Registry, type RegistrySettings } from "../sessions/registry.ts";
import { sweep } from "../sessions/sweeper.ts";
import { takeListenFds } from "../systemd/listen_fds.ts";
import { notify } from "../systemd/notify.ts";
import { type Command, parseCommandArgs } from "./command.ts";

const ASSETS = new URL("../../dist/assets/", import.meta.url);
/** Ends the gateway and leaves its sessions to the next one (RestartKillSignal=, systemd.kill(5)). */
const RESTART_SIGNAL = "SIGUSR2";
/** The name, in a socket unit, of the socket that administers. */
const ADMIN_SOCKET_NAME = "admin";

export const command: Command = {
  name: "serve",
  summary: "runs the gateway",
  help: `
Usage: ttygate serve [--config FILE]

Runs the gateway on the sockets that systemd passed, or else on gateway.listen.
SIGTERM ends every session and then the gateway. SIGUSR2 ends the gateway alone: the next one goes
on with its sessions, as it does with those of a gateway that crashed.
`,
  async run(args, context) {
    parseCommandArgs(args, {});
    const { config } = await context.config();
    await serve(config);
    return 0;
  },
};

/** Runs until SIGTERM, SIGINT or a closed terminal's SIGHUP; everything it made is gone when it returns. */
async function serve(config: Config): Promise<void> {
  await using held = new AsyncDisposableStack();
  const { trustedProxies } = config.gateway;
  const stopped = untilSignal(["SIGTERM", "SIGINT", "SIGHUP", RESTART_SIGNAL]);

  const gateway = await openGateway(config, held);
  const options: Omit<ServerOptions, "door"> = {
    gateway,
    trustedProxies,
    tls: await readTls(config),
  };
  for (const { door, target } of doorsOf(config)) {
    const tls = door === "web" ? options.tls : null;
    const server = held.use(await listen(target, { ...options, door, tls }));
    if (server === null) continue;
    const scheme = tls ? "https" : "http";
    const at = target.transport === "tcp" ? `${scheme}://${server.address}` : server.address;
    log.info(`listening on ${at}`, { door });
  }

  warnOfWhatIsNotBuilt(config);
  await notify("READY=1", "STATUS=Serving");
  log.info("ttygate is ready", { instance: config.docker.instance });
  const signal = await stopped;
  const { registry } = gateway;
  const sessions = registry.list().length;
  if (signal === RESTART_SIGNAL) {
    await notify("STOPPING=1", "STATUS=Leaving the sessions to the next gateway");
    log.info("restarting", { signal, sessions });
    await registry.leave();
  } else {
    await notify("STOPPING=1", "STATUS=Ending the sessions");
    log.info("stopping", { signal, sessions });
    await registry.drain(ending("shutdown", "The server is being stopped."));
  }
}

/** Opens all that answering requests needs; what it holds is given to `held`. */
async function openGateway(config: Config, held: AsyncDisposableStack): Promise<Gateway> {
  const { auth, docker, gateway: { stateDir, basePath, allowedOrigins } } = config;
  const clock = systemClock;
  const warn = (message: string) => log.warning(message);

  const users = new HtpasswdFile(auth.htpasswd, warn);
  const stack = new AuthStack({
    users,
    groups: new GroupsFile(auth.groups, warn),
    verifier: held.use(new Hasher()),
    faillock: new Faillock(auth),
    failDelayMs: auth.failDelayMs,
    clock,
  });
  warnUnlessReadable(users);
  const logins = held.use(
    await Logins.open({
      dir: join(stateDir, "logins"),
      ttlMs: auth.loginTtlMs,
      clock,
      credentialOf: (name) => stack.credentialOf(name),
      warn,
    }),
  );
  const engine = held.use(new DockerEngine({ ...docker, log }));
  const leases = held.use(await Leases.acquire(stateDir, docker.instance));
  const settings = settingsOf(config);
  const registry = held.use(
    new Registry({ engine, leases, settings: () => settings, memoryIsLow, clock, log }),
  );
  held.use(sweepInBackground(engine, stateDir, docker.instance, registry.adopted));
  return {
    registry,
    engine,
    stack,
    logins,
    assets: await Assets.load(ASSETS),
    basePath,
    allowedOrigins,
    loginTtlMs: auth.loginTtlMs,
    clock,
    log,
  };
}

function settingsOf({ container, session, pool }: Config): RegistrySettings {
  const { cpus, memoryBytes, pids, diskBytes } = container;
  return {
    profile: { ...container, limits: { cpus, memoryBytes, pids, diskBytes } },
    times: session,
    replayBytes: session.replayBytes,
    poolSize: pool.size,
    maxTotal: session.maxTotal,
    maxPerUser: session.maxPerUser,
  };
}

/** Removes what a gateway before this one left, while this one already answers. */
function sweepInBackground(
  engine: DockerEngine,
  stateDir: string,
  instance: string,
  adopted: Promise<void>,
): AsyncDisposable {
  const stop = new AbortController();
  const leased = () => leasedSessions(stateDir, instance);
  const swept = adopted.then(() => sweep(engine, leased, { dryRun: false, signal: stop.signal }))
    .then(({ removed, failed }) => {
      log.info("looked for containers left behind", { found: removed.length + failed.length });
      for (const { name } of removed) log.notice("removed a container left behind", { name });
      for (const { container: { name }, error } of failed) {
        log.error("a container left behind was not removed", { name, error });
      }
    }).catch((error) => {
      if (stop.signal.aborted) return;
      log.warning("Cannot look for containers left behind; the sweep timer will", { error });
    });
  return {
    [Symbol.asyncDispose]() {
      stop.abort();
      return swept;
    },
  };
}

/** The sockets that systemd passed, or else those of the configuration; and the admin's. */
function doorsOf({ gateway }: Config): { door: "web" | "admin"; target: ListenTarget }[] {
  const passed = takeListenFds().map(({ fd, name }) => ({
    door: name === ADMIN_SOCKET_NAME ? "admin" as const : "web" as const,
    target: { transport: "fd", fd } as const,
  }));
  const web = passed.some(({ door }) => door === "web")
    ? []
    : gateway.listen.map((target) => ({ door: "web" as const, target }));
  const admin = passed.some(({ door }) => door === "admin") ? [] : [{
    door: "admin" as const,
    target: { transport: "unix", path: gateway.adminSocket } as const,
  }];
  return [...passed, ...web, ...admin];
}

/** Opens a door. Without the web nobody comes in; without the admin socket only `session` is lost. */
async function listen(target: ListenTarget, options: ServerOptions): Promise<HttpServer | null> {
  try {
    return await HttpServer.listen(target, options);
  } catch (error) {
    const place = target.transport === "tcp"
      ? `${target.hostname}:${target.port}`
      : target.transport === "unix"
      ? target.path
      : `the socket passed as descriptor ${target.fd}`;
    if (options.door === "admin") {
      log.warning(`Cannot listen on ${place}; 'ttygate session' will not reach this gateway`, {
        error,
      });
      return null;
    }
    throw new Error(`cannot listen on ${place}: ${whyNot(error)}`);
  }
}

function whyNot(error: unknown): string {
  switch ((error as { code?: string }).code) {
    case "EADDRINUSE":
      return "the port is in use; stop what uses it ('ss -ltnp' names it), or change gateway.listen " +
        "(TTYGATE_GATEWAY_LISTEN)";
    case "EACCES":
      return "permission denied; ports below 1024 need root or a systemd socket";
    case "EADDRNOTAVAIL":
    case "EINVAL": // what Deno 2.9 makes of it
      return "this machine does not have that address; change gateway.listen";
    default:
      return `${(error as Error).message}; change gateway.listen`;
  }
}

async function readTls({ gateway: { tlsCert, tlsKey } }: Config): Promise<ServerOptions["tls"]> {
  if (tlsCert === null || tlsKey === null) return null;
  const [cert, key] = await Promise.all([tlsCert, tlsKey].map((path) => Deno.readTextFile(path)));
  return { cert: cert!, key: key! };
}

/** Whoever sets these believes that they do something. */
function warnOfWhatIsNotBuilt({ gateway, audit }: Config): void {
  const set = [
    gateway.idleExitMs !== null && "gateway.idle_exit",
    audit.file !== null && "audit.file",
    audit.record !== "off" && "audit.record",
  ].filter((key) => key !== false);
  if (set.length > 0) log.warning(`${set.join(", ")} has no effect in this version`);
}

function warnUnlessReadable(users: HtpasswdFile): void {
  try {
    users.lookup("");
  } catch (error) {
    log.warning("nobody can log in yet", { error });
  }
}

/** Resolves with the first of the signals; the second one ends the process at once. */
function untilSignal(signals: readonly Deno.Signal[]): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  let phase: "running" | "stopping" = "running";
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      if (phase === "stopping") Deno.exit(1);
      phase = "stopping";
      resolve(signal);
    });
  }
  return promise;
}
