/** Opens all that answering requests needs. */
import { join } from "node:path";
import { Devices } from "../auth/devices.ts";
import { Guard } from "../auth/guard.ts";
import { guardFile, GuardStore } from "../auth/guard_store.ts";
import { Hasher } from "../auth/hasher.ts";
import { Keys } from "../auth/keys.ts";
import { whyUnwritable } from "../auth/htpasswd_file.ts";
import { Invites } from "../auth/invites.ts";
import { Logins } from "../auth/login.ts";
import { Registrar } from "../auth/registrar.ts";
import { WaitingAccounts } from "../auth/waiting_accounts.ts";
import { Shares } from "../auth/shares.ts";
import { Tokens } from "../auth/tokens.ts";
import { AuthStack } from "../auth/stack.ts";
import { systemClock } from "../clock.ts";
import { AccountWatch } from "../http/accounts.ts";
import { Assets } from "../http/assets.ts";
import { Feed } from "../http/events/feed.ts";
import { Seats } from "../http/events/seats.ts";
import type { Gateway } from "../http/gateway.ts";
import { Health } from "../http/health.ts";
import { Noticed } from "../http/noticed.ts";
import { PlainViewers } from "../http/plain/viewers.ts";
import { Places } from "../http/places.ts";
import { FairQueue } from "../http/fair_queue.ts";
import { hearLog, log } from "../log.ts";
import { Fleet } from "../nodes/fleet.ts";
import type { FleetParts } from "../nodes/fleet_parts.ts";
import { Links } from "../nodes/links.ts";
import { Roster } from "../nodes/roster.ts";
import { CountingLog } from "../log/counting.ts";
import { Recent } from "../log/recent.ts";
import { Tail } from "../agent/tail.ts";
import { Allowances, CARRIED } from "../terminal/allowance.ts";
import type { Live } from "./settings.ts";

/**
 * The most connections of the web. A process that may open no more files never accepts again
 * (Deno 2.9), so this and what terminals need must stay below that limit: systemd's is 524288.
 */
const CONNECTIONS = 4096;
const ASSETS = new URL("../../dist/assets/", import.meta.url);

/** What a gateway does not make itself. */
export type GatewayParts = Pick<Gateway, "leaving" | "stopping"> & Pick<FleetParts, "local">;

/**
 * Opens a gateway; what it holds is given to `held`. Whatever a reload may change is looked up in
 * `live` each time it is needed.
 */
export async function openGateway(
  live: Live,
  { local, leaving, stopping }: GatewayParts,
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
  const waiting = held.use(await WaitingAccounts.open({ stateDir, warn }));
  const invites = held.use(await Invites.open({ stateDir, warn }));
  const registrar = new Registrar({
    get mode() {
      return live.settings.config.registration.mode;
    },
    get htpasswd() {
      return auth().htpasswd;
    },
    get minLength() {
      return auth().minLength;
    },
    get groups() {
      return live.settings.groups;
    },
    isRemembered: async (name) => (await fleet.machines.list(name)).length > 0,
    hasher: held.use(new Hasher()),
    ...{ invites, waiting, clock },
  });
  await warnOfUnwritable(live, warn);
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
    waiting: (name) => waiting.hashOf(name),
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
  const shares = held.use(await Shares.open({ stateDir, clock, warn }));
  const tokens = held.use(await Tokens.open({ stateDir, clock, warn }));
  const keys = held.use(await Keys.open({ stateDir, clock, warn }));
  const plain = held.use(new PlainViewers(clock));
  const roster = await Roster.open(stateDir);
  const links = held.use(new Links({ roster, clock, log }));
  const rules = {
    maxPerUser: () => live.settings.config.session.maxPerUser,
    labelsOf: (image: string) =>
      live.settings.config.images.find(({ name }) => name === image)?.labels ?? [],
  };
  const fleet = new Fleet({ local, roster, links, rules, clock });
  const agent = fleet;
  const watched = { stack, logins, guard, tokens, keys, shares, agent, clock, log };
  const accounts = held.use(AccountWatch.start(watched));
  const terminals = new Set<object>();
  const recent = new Recent(() => new Date());
  const tail = new Tail(() => new Date());
  hearLog((entry) => {
    recent.take(entry);
    tail.take(entry);
  });
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
    registrar,
    invites,
    waiting,
    shares,
    tokens,
    devices: new Devices(clock),
    keys,
    sshAddresses: new Set(),
    plain,
    feed: new Feed({ fleet, clock, log }),
    seats: new Seats(),
    get machinesMost() {
      return live.settings.config.machines.maxPerUser;
    },
    openings: new Allowances(clock),
    carried: new Allowances(clock, CARRIED),
    leaving,
    stopping,
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
    recent,
    tail,
    clock,
    log,
    counted,
  };
}

/** Said at the start, as people would hear of it when they register. */
async function warnOfUnwritable(
  { settings: { config: { auth, registration } } }: Live,
  warn: (message: string) => void,
): Promise<void> {
  if (registration.mode === "off") return;
  const why = await whyUnwritable(auth.htpasswd);
  if (why === null) return;
  warn(
    `Nobody can register: the directory of ${auth.htpasswd} cannot be written to (${why}); ` +
      "docs/registration.md says where the file may be",
  );
}
