/** Opens the agent of this machine: Docker's sessions, and what keeps them. */
import { LocalAgent } from "../agent/local.ts";
import { systemClock } from "../clock.ts";
import { log } from "../log.ts";
import type { CountingLog } from "../log/counting.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import { DrainFile } from "../sessions/drain_file.ts";
import { leasedSessions, Leases } from "../sessions/leases.ts";
import { Maintenance, refusalDuring } from "../sessions/maintenance.ts";
import { memoryIsLow } from "../sessions/memory.ts";
import { Registry } from "../sessions/registry.ts";
import { sweep } from "../sessions/sweeper.ts";
import type { Live } from "./settings.ts";

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
  live: Live,
  { stateDir, counted }: { readonly stateDir: string; readonly counted: CountingLog },
  held: AsyncDisposableStack,
): Promise<OpenedAgent> {
  const { docker } = live.settings.config;
  const clock = systemClock;
  const minFreeBytes = () => live.settings.config.docker.minFreeBytes;
  const engine = held.use(new DockerEngine({ ...docker, minFreeBytes, log }));
  const leases = held.use(await Leases.acquire(stateDir, docker.instance));
  const settings = () => live.settings.registry;
  const drain = await DrainFile.open(stateDir, docker.instance, log);
  const refusal = () => drain.current && refusalDuring(drain.current);
  const registry = held.use(
    new Registry({ engine, leases, settings, refusal, memoryIsLow, clock, log }),
  );
  const unixTimeMs = () => Date.now();
  const maintenance = held.use(new Maintenance({ file: drain, registry, clock, unixTimeMs, log }));
  held.use(sweepInBackground(engine, stateDir, docker.instance, registry.adopted));
  const agent = new LocalAgent({
    ...{ engine, registry, maintenance, clock, counted },
    image: () => settings().profile.image,
    tryWriting: () => tryWriting(stateDir),
  });
  return { agent, registry, maintenance };
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
