/** What the pages and resources of one gateway share. */
import type { BlockList } from "node:net";
import type { Agent } from "../agent/agent.ts";
import type { Devices } from "../auth/devices.ts";
import type { Guard } from "../auth/guard.ts";
import type { Keys } from "../auth/keys.ts";
import type { Invites } from "../auth/invites.ts";
import type { Registrar } from "../auth/registrar.ts";
import type { WaitingAccounts } from "../auth/waiting_accounts.ts";
import type { AuthStack } from "../auth/stack.ts";
import type { Logins } from "../auth/login.ts";
import type { Shares } from "../auth/shares.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Log } from "../log.ts";
import type { Fleet } from "../nodes/fleet.ts";
import type { Links } from "../nodes/links.ts";
import type { CountingLog } from "../log/counting.ts";
import type { Recent } from "../log/recent.ts";
import type { Tail } from "../agent/tail.ts";
import type { Allowances } from "../terminal/allowance.ts";
import type { Clock } from "../types.ts";
import type { AccountWatch } from "./accounts.ts";
import type { Assets } from "./assets.ts";
import type { Feed } from "./events/feed.ts";
import type { Seats } from "./events/seats.ts";
import type { Health } from "./health.ts";
import type { KnownHosts } from "./hosts.ts";
import type { Noticed } from "./noticed.ts";
import type { PlainViewers } from "./plain/viewers.ts";
import type { Places } from "./places.ts";
import type { FairQueue } from "./fair_queue.ts";

/** Ask it again for each request: a reload may change what it says. */
export interface Gateway {
  /** Who has the terminals. */
  readonly agent: Agent;
  /** The same, with all its machines. */
  readonly fleet: Fleet;
  readonly links: Links;
  readonly health: Health;
  readonly stack: AuthStack;
  readonly logins: Logins;
  readonly guard: Guard;
  readonly accounts: AccountWatch;
  readonly registrar: Registrar;
  /** To register. */
  readonly invites: Invites;
  readonly waiting: WaitingAccounts;
  readonly shares: Shares;
  readonly tokens: Tokens;
  /** That ask to log in. */
  readonly devices: Devices;
  readonly keys: Keys;
  /** Where it takes SSH. */
  readonly sshAddresses: Set<string>;
  /** Of those who have no WebSocket. */
  readonly plain: PlainViewers;
  /** Of those who follow what changes, and how many of them each person has. */
  readonly feed: Feed;
  readonly seats: Seats;
  /** How many machines each user may have. */
  readonly machinesMost: number;
  /** What it serves through the agent now. */
  readonly terminals: Set<object>;
  /** How many terminals each user may open. */
  readonly openings: Allowances;
  /** How much each user may send to ports of their machines. */
  readonly carried: Allowances;
  /** Aborted when it restarts: what the agent serves through it must come back. */
  readonly leaving: AbortSignal;
  /** Aborted when it restarts or stops. */
  readonly stopping: AbortSignal;
  readonly assets: Assets;
  readonly basePath: string;
  /** Shown above the log-in form; may be empty. */
  readonly banner: string;
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: BlockList;
  readonly hosts: KnownHosts;
  readonly loginTtlMs: number;
  /** The thread's time, and the web's connections, for all who share them. */
  readonly fairQueue: FairQueue;
  readonly places: Places;
  readonly noticed: Noticed;
  /** What its own process logged. */
  readonly recent: Recent;
  readonly tail: Tail;
  readonly clock: Clock;
  readonly log: Log;
  /** For whatever others can cause as often as they like. */
  readonly counted: CountingLog;
}
