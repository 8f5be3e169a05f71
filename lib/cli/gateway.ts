/** Opens all that answering requests needs. */
import { join } from "node:path";
import { Guard } from "../auth/guard.ts";
import { guardFile, GuardStore } from "../auth/guard_store.ts";
import { Hasher } from "../auth/hasher.ts";
import { Logins } from "../auth/login.ts";
import { AuthStack } from "../auth/stack.ts";
import { systemClock } from "../clock.ts";
import { AccountWatch } from "../http/accounts.ts";
import { Assets } from "../http/assets.ts";
import type { Gateway } from "../http/gateway.ts";
import { Health } from "../http/health.ts";
import { Noticed } from "../http/noticed.ts";
import { Places } from "../http/places.ts";
import { Shares } from "../http/shares.ts";
import { log } from "../log.ts";
import { CountingLog } from "../log/counting.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import { DrainFile } from "../sessions/drain_file.ts";
import { leasedSessions, Leases } from "../sessions/leases.ts";
import { Maintenance, refusalDuring } from "../sessions/maintenance.ts";
import { memoryIsLow } from "../sessions/memory.ts";
import { Registry } from "../sessions/registry.ts";
import { sweep } from "../sessions/sweeper.ts";
import { Allowances } from "../terminal/allowance.ts";
import type { Live } from "./settings.ts";

/**
 * The most connections of the web. A process that may open no more files never accepts again
 * (Deno 2.9), so this and what terminals need must stay below that limit: systemd's is 524288.
 */
const CONNECTIONS = 4096;
const ASSETS = new URL("../../dist/assets/", import.meta.url);

/**
 * Opens a gateway; what it holds is given to `held`. Whatever a reload may change is looked up in
 * `live` each time it is needed.
 */
export async function openGateway(live: Live, held: AsyncDisposableStack): Promise<Gateway> {
  const { docker, gateway: { stateDir, basePath } } = live.settings.config;
  const clock = systemClock;
  const warn = (message: string) => log.warning(message);
  const auth = () => live.settings.config.auth;
  const counted = held.use(new CountingLog(log, clock));

  const guard = new Guard({
    limits: {
      get deny() {
        return auth().deny;
      },
      get unlockTimeMs() {
        return auth().unlockTimeMs;
      },
    },
  });
  held.use(await GuardStore.open({ guard, path: guardFile(stateDir), clock, warn }));
  const stack = new AuthStack({
    get users() {
      return live.settings.users;
    },
    get groups() {
      return live.settings.groups;
    },
    get failDelayMs() {
      return auth().failDelayMs;
    },
    verifier: held.use(new Hasher()),
    guard,
    clock,
  });
  const logins = held.use(
    await Logins.open({
      dir: join(stateDir, "logins"),
      get ttlMs() {
        return auth().loginTtlMs;
      },
      clock,
      credentialOf: (name) => stack.credentialOf(name),
      warn,
    }),
  );
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
  const accounts = held.use(
    AccountWatch.start({ stack, logins, guard, registry, clock, log }),
  );
  held.use(sweepInBackground(engine, stateDir, docker.instance, registry.adopted));
  const health = new Health({
    engine,
    registry,
    maintenance,
    image: () => settings().profile.image,
    tryWriting: () => tryWriting(stateDir),
    clock,
    log,
  });
  return {
    registry,
    health,
    maintenance,
    stack,
    logins,
    guard,
    accounts,
    allowances: new Allowances(clock),
    assets: await Assets.load(ASSETS),
    basePath,
    get banner() {
      return live.settings.config.gateway.banner;
    },
    get allowedOrigins() {
      return live.settings.config.gateway.allowedOrigins;
    },
    get trustedProxies() {
      return live.settings.trustedProxies;
    },
    get hosts() {
      return live.settings.hosts;
    },
    get loginTtlMs() {
      return auth().loginTtlMs;
    },
    shares: new Shares({
      clock,
      isWatched: () => registry.list().some(({ attached }) => attached),
    }),
    places: new Places(CONNECTIONS),
    noticed: new Noticed({ log, now: clock.now }),
    clock,
    log,
    counted,
  };
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
