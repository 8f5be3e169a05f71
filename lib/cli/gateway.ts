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
import { FairQueue } from "../http/fair_queue.ts";
import { log } from "../log.ts";
import { Fleet, type FleetParts } from "../nodes/fleet.ts";
import { Links } from "../nodes/links.ts";
import { Roster } from "../nodes/roster.ts";
import { CountingLog } from "../log/counting.ts";
import { Allowances } from "../terminal/allowance.ts";
import type { Live } from "./settings.ts";

/**
 * The most connections of the web. A process that may open no more files never accepts again
 * (Deno 2.9), so this and what terminals need must stay below that limit: systemd's is 524288.
 */
const CONNECTIONS = 4096;
const ASSETS = new URL("../../dist/assets/", import.meta.url);

/** What a gateway does not make itself. */
export type GatewayParts = Pick<Gateway, "leaving"> & Pick<FleetParts, "local">;

/**
 * Opens a gateway; what it holds is given to `held`. Whatever a reload may change is looked up in
 * `live` each time it is needed.
 */
export async function openGateway(
  live: Live,
  { local, leaving }: GatewayParts,
  held: AsyncDisposableStack,
): Promise<Gateway> {
  const { stateDir, basePath } = live.settings.config.gateway;
  const clock = systemClock;
  const counted = held.use(new CountingLog(log, clock));
  const warn = (message: string) => log.warning(message);
  const auth = () => live.settings.config.auth;
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
  const roster = await Roster.open(stateDir);
  const links = held.use(new Links({ roster, clock, log }));
  const rules = {
    maxPerUser: () => live.settings.config.session.maxPerUser,
    labelsOf: (image: string) =>
      live.settings.config.images.find(({ name }) => name === image)?.labels ?? [],
  };
  const fleet = new Fleet({ local, roster, links, rules, clock });
  const agent = fleet;
  const accounts = held.use(AccountWatch.start({ stack, logins, guard, agent, clock, log }));
  const terminals = new Set<object>();
  return {
    agent,
    fleet,
    links,
    terminals,
    health: new Health({ agent, clock, log }),
    stack,
    logins,
    guard,
    accounts,
    openings: new Allowances(clock),
    leaving,
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
    fairQueue: new FairQueue({ clock, isWatched: () => terminals.size > 0 }),
    places: new Places(CONNECTIONS),
    noticed: new Noticed({ log, now: clock.now }),
    clock,
    log,
    counted,
  };
}
