/** Opens the agent of this machine: Docker's sessions, and what keeps them. */
import { LocalAgent } from "../agent/local.ts";
import { MachineFile } from "../agent/machines/machine_file.ts";
import { Machines } from "../agent/machines/machines.ts";
import { OwnSessionFiles } from "../agent/session_files.ts";
import { systemClock } from "../clock.ts";
import { log } from "../log.ts";
import { machineKey } from "../protocol/machines.ts";
import { CountingLog } from "../log/counting.ts";
import type { Recent } from "../log/recent.ts";
import type { Tail } from "../agent/tail.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import { Engines } from "../sessions/engines.ts";
import { History } from "../sessions/history.ts";
import type { HostEngine } from "../sessions/host_engine.ts";
import { HostShells } from "../sessions/host_shells.ts";
import { NO_ROOM } from "../sessions/disk_space.ts";
import { DrainFile } from "../sessions/drain_file.ts";
import { leasedSessions, Leases } from "../sessions/leases.ts";
import { Maintenance, refusalDuring } from "../sessions/maintenance.ts";
import { ofMainShell } from "../sessions/machine_spec.ts";
import { memoryIsLow } from "../sessions/memory.ts";
import { Registry } from "../sessions/registry.ts";
import type { Session } from "../sessions/session.ts";
import type { RegistrySettings } from "../sessions/registry_parts.ts";
import { SwarmWatch } from "../sessions/swarm_watch.ts";
import { UsageWatch } from "../sessions/usage_watch.ts";
import { sweep } from "../sessions/sweeper.ts";
import { notify } from "../systemd/notify.ts";
import { count } from "./words.ts";
import type { Config } from "../config.ts";
import { ending } from "../sessions/endings.ts";

/** Ends the process and leaves its sessions to the next one (RestartKillSignal=, systemd.kill(5)). */
export const RESTART_SIGNAL = "SIGUSR2";

/** What it looks up: a reload puts another object in its place. */
export interface LiveAgent {
  readonly settings: { readonly config: Config; readonly registry: RegistrySettings };
}

/** The agent, and what the process that has it must know besides. */
export interface OpenedAgent {
  readonly agent: LocalAgent;
  readonly registry: Registry;
  readonly maintenance: Maintenance;
}

/**
 * Opens it; what it holds is given to `held`. Whatever a reload may change is looked up in `live`
 * each time it is needed.
 *
 * @throws {Error} when the state directory cannot be used, or is in use
 */
export async function openLocalAgent(
  live: LiveAgent,
  stateDir: string,
  held: AsyncDisposableStack,
  { host = null, recent, tail }: { host?: HostEngine | null; recent?: Recent; tail?: Tail } = {},
): Promise<OpenedAgent> {
  const { docker } = live.settings.config;
  const clock = systemClock;
  const counted = held.use(new CountingLog(log, clock));
  const minFreeBytes = () => live.settings.config.docker.minFreeBytes;
  const containers = held.use(new DockerEngine({ ...docker, stateDir, minFreeBytes, log }));
  const kinds = [
    ...host === null ? [] : [new HostShells(host)],
    containers.runs,
    ...containers.shells,
  ];
  const engine = new Engines(containers, kinds);
  const leases = held.use(await Leases.acquire(stateDir, docker.instance));
  const settings = () => live.settings.registry;
  const drain = await DrainFile.open(stateDir, docker.instance, log);
  const refusal = () => drain.current && refusalDuring(drain.current);
  const registry = held.use(
    new Registry({ engine, leases, settings, refusal, memoryIsLow, clock, log }),
  );
  const unixTimeMs = () => Date.now();
  const maintenance = held.use(new Maintenance({ file: drain, registry, clock, unixTimeMs, log }));
  held.use(sweepInBackground(containers, stateDir, docker.instance, registry.adopted));
  const usage = new UsageWatch({ engine: containers, clock });
  const machines = held.use(
    await Machines.start({
      engine: containers.machines,
      store: await MachineFile.open(stateDir, docker.instance, log),
      settings: () => ({ ...live.settings.config.machines, choices: settings().choices }),
      refusal,
      noRoom: async () => await registry.diskIsLow() ? NO_ROOM : null,
      idleMs: (machine) => files.isBusy(machineKey(machine)) ? 0 : idleMsOf(registry, machine),
      endShells: (machine, message) => endShellsIn(registry, machine, message),
      glance: (container) => usage.glance(container),
      ...{ clock, unixTimeMs, log },
    }),
  );
  const files: OwnSessionFiles = new OwnSessionFiles({
    ...{ engine, registry, machines },
    maxBytes: () => live.settings.config.session.uploadBytes,
    minFreeBytes: () => settings().minFreeBytes,
  });
  const swarm = held.use(new SwarmWatch(docker.socket, { clock, log }));
  const now = () => new Date();
  const history = held.use(History.start({ engine, registry, clock, now }));
  const agent = new LocalAgent({
    ...{ recent, tail, history },
    ...{ engine, registry, maintenance, machines, files, clock, counted },
    runs: containers.runs,
    choices: () => settings().choices,
    labels: () => live.settings.config.agent.labels,
    swarm: () => swarm.state,
    maxTotal: () => settings().maxTotal,
    tryWriting: () => tryWriting(stateDir),
  });
  return { agent, registry, maintenance };
}

/** How `systemctl status` shows it. */
export function statusOf({ registry, maintenance }: OpenedAgent): string {
  const [sessions, ready] = [registry.list().length, registry.poolReady];
  const drained = maintenance.drain ? "; draining, so none can begin" : "";
  return `${count(sessions, "session")}, ${count(ready, "shell")} ready${drained}`;
}

/** What this machine is called among the nodes. */
export function nodeName({ agent: { name } }: Config): string {
  if (name !== "") return name;
  const host = Deno.hostname().toLowerCase().replace(/\..*/, "").replaceAll(/[^a-z0-9-]/g, "-");
  return /^[a-z]/.test(host) ? host.slice(0, 31) : `n-${host}`.slice(0, 31);
}

/** Where leases are: with the gateway that has its own agent, or with the agent. */
export function stateDirOf({ gateway, agent }: Config): string {
  return gateway.agent === "own" ? gateway.stateDir : agent.stateDir;
}

function shellsIn(registry: Registry, machine: string): Session[] {
  return registry.list().filter(({ profile }) => profile.machine === machine);
}

/** How long ago somebody typed in one of the shells in a machine; null where there is none. */
function idleMsOf(registry: Registry, machine: string): number | null {
  const [first, ...rest] = shellsIn(registry, machine).map(({ idleMs }) => idleMs);
  return first === undefined ? null : Math.min(first, ...rest);
}

/** Ends the shells in a machine. */
function endShellsIn(registry: Registry, machine: string, message: string): void {
  for (const shell of shellsIn(registry, machine)) shell.end(ending("killed", message));
}

/** Leaves the sessions to the next agent, but for what no other agent can join. */
async function leave(registry: Registry): Promise<void> {
  const message =
    "The server's agent is restarting, which only the first shell in a machine outlives. " +
    "The machine itself runs on: open another shell in it.";
  const shells = registry.list().filter(({ profile, container }) =>
    profile.machine !== undefined && ofMainShell(container) === null
  );
  for (const shell of shells) shell.end(ending("killed", message));
  await Promise.allSettled(shells.map(({ gone }) => gone));
  await registry.leave();
}

/** Ends the sessions, or leaves them to the next agent; says so to systemd and in the log. */
export async function partWith(registry: Registry, why: Deno.Signal | "idle"): Promise<void> {
  const sessions = registry.list().length;
  switch (why) {
    case "idle":
      await notify("STOPPING=1", "STATUS=Leaving, as nobody is here");
      log.info("leaving until somebody connects: nothing has lived for gateway.idle_exit", {
        event: "stop",
      });
      return await leave(registry);
    case RESTART_SIGNAL:
      await notify("STOPPING=1", "STATUS=Leaving the sessions to the next gateway");
      log.info("restarting", { event: "stop", signal: why, sessions });
      return await leave(registry);
    default:
      await notify("STOPPING=1", "STATUS=Ending the sessions");
      log.info("stopping", { event: "stop", signal: why, sessions });
      return await registry.endAll(ending("shutdown", "The server is being stopped."));
  }
}

async function tryWriting(directory: string): Promise<void> {
  const file = await Deno.makeTempFile({ dir: directory, prefix: ".ready-" });
  try {
    await Deno.writeTextFile(file, "ready\n"); // a full disk takes a name, and no bytes
  } finally {
    await Deno.remove(file);
  }
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
      for (const { name, session, user } of removed) {
        log.notice("removed a container left behind", { event: "sweep", session, user, name });
      }
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
