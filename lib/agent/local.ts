/** The agent of this machine: its sessions, behind the seam. */
import { type Glimpse, glimpse, GLIMPSE_BYTES } from "../terminal/glimpse.ts";
import type { CountingLog } from "../log/counting.ts";
import type { Recent } from "../log/recent.ts";
import type { NodeStatus } from "../protocol/nodes.ts";
import type { Counts } from "../protocol/counts.ts";
import { EVENTS, type Overview } from "../protocol/overview.ts";
import type { DrainInfo, DrainOrder, SessionInfo } from "../protocol/resources.ts";
import type { Ending } from "../sessions/endings.ts";
import type { Engine } from "../sessions/engine.ts";
import type { Runs } from "../sessions/docker_runs.ts";
import type { SessionFiles } from "../sessions/files/files.ts";
import type { History } from "../sessions/history.ts";
import type { Maintenance } from "../sessions/maintenance.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Session } from "../sessions/session.ts";
import { UsageWatch } from "../sessions/usage_watch.ts";
import { Allowances } from "../terminal/allowance.ts";
import { acceptSocket } from "../terminal/socket.ts";
import type { Choice, Clock } from "../types.ts";
import type { Agent, LogSource, Opening, Visit } from "./agent.ts";
import type { Machines } from "./machines/machines.ts";
import type { MachineDeeds } from "./machines/machines_seam.ts";
import { serveTerminal } from "./terminal.ts";

/** How long a list waits for an agent that has just been started to know its sessions. */
const ADOPTION_MS = 5_000;
/** How long the engine may take to say that it is there. */
const ENGINE_MS = 2_000;

/** What it is made of. */
export interface LocalAgentParts {
  readonly engine: Pick<Engine, "ping" | "hasImage" | "usage">;
  readonly registry: Registry;
  readonly maintenance: Maintenance;
  /** What one may ask for, first what who asks for nothing gets. */
  readonly choices: () => readonly Choice[];
  /** By which it can be chosen. */
  readonly labels: () => readonly string[];
  /** The Swarm that its engine is in. */
  readonly swarm?: () => NodeStatus["swarm"];
  /** How many sessions there may be. */
  readonly maxTotal: () => number;
  readonly files: SessionFiles;
  readonly machines: MachineDeeds & Pick<Machines, "open" | "changes">;
  /** Its commands without a terminal. */
  readonly runs: Runs;
  /** What its process logged, where the gateway has another. */
  readonly recent?: Recent | undefined;
  readonly tail?: LogSource | undefined;
  readonly history?: Pick<History, "samples">;
  /** @throws {Error} when nothing can be written to the state directory */
  readonly tryWriting: () => Promise<void>;
  readonly clock: Clock;
  /** For what clients can cause as often as they like. */
  readonly counted: CountingLog;
}

/** Owns nothing: its parts are ended by those who made them. */
export class LocalAgent implements Agent {
  readonly files: SessionFiles;
  readonly machines: MachineDeeds;
  readonly log: LogSource | null;
  readonly #parts: LocalAgentParts;
  /** How much each user's clients may ask for. */
  readonly #allowances: Allowances;
  readonly #usage: UsageWatch;

  constructor(parts: LocalAgentParts) {
    this.#parts = parts;
    this.#allowances = new Allowances(parts.clock);
    this.#usage = new UsageWatch(parts);
    this.files = parts.files;
    this.machines = parts.machines;
    this.log = parts.tail ?? null;
  }

  /** Whether there is anything that an agent which left would not bring back. */
  get lives(): boolean {
    const { registry } = this.#parts;
    return registry.list().length > 0 || registry.endedSessions.size > 0 || registry.unsettled;
  }

  async serve(opening: Opening, visit: Visit, dismissed: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const allowance = this.#allowances.of(visit.user);
    const socket = acceptSocket(opening, { allowance, clock });
    const parts = { ...this.#parts, usage: this.#usage, allowance };
    await serveTerminal(socket, { ...visit, dismissed }, parts);
  }

  async list(): Promise<readonly SessionInfo[]> {
    const { registry } = this.#parts;
    // Just after a start it is not known yet which sessions go on.
    await registry.settled(ADOPTION_MS);
    return registry.list().map(describe);
  }

  async watch(told: () => void, signal: AbortSignal): Promise<void> {
    const { registry, machines } = this.#parts;
    await Promise.all([registry, machines].map(({ changes }) => changes.each(told, signal)));
  }

  async end(id: string, cause: Ending): Promise<"ended" | "unknown" | "leaving"> {
    const session = this.#parts.registry.find(id);
    if (!session) return "unknown";
    if (session.phase === "left") return "leaving";
    session.end(cause);
    await session.gone;
    return "ended";
  }

  // deno-lint-ignore require-await -- what another agent must be asked for is known here
  async status(): Promise<NodeStatus> {
    return this.statusNow();
  }

  /** The same, at once. */
  statusNow(): NodeStatus {
    const { registry, maintenance, choices, labels, swarm = () => null, maxTotal } = this.#parts;
    return {
      ready: registry.poolReady,
      maxTotal: maxTotal(),
      draining: maintenance.drain !== null,
      image: choices()[0]!.profile.image,
      images: choices().map(({ name, title, groups }) => ({
        name,
        title,
        groups: groups && [...groups],
      })),
      labels: [...labels()],
      swarm: swarm(),
      sessions: registry.list().map(({ id, user, profile, startedAt }) => ({
        ...{ id, user, image: profile.image, started: startedAt.toISOString() },
      })),
    };
  }

  // deno-lint-ignore require-await -- what another agent must be asked for is known here
  async counts(): Promise<Counts> {
    const { registry, maintenance, counted } = this.#parts;
    const sessions = registry.list();
    return {
      sessions: sessions.length,
      attached: sessions.filter(({ attached }) => attached).length,
      ready: registry.poolReady,
      draining: maintenance.drain !== null,
      ...registry.tally.counts,
      events: [...counted.totals],
    };
  }

  // deno-lint-ignore require-await -- what another agent must be asked for is known here
  async overview(): Promise<Overview> {
    const { registry, recent, history } = this.#parts;
    const usage = registry.list().flatMap(({ id, container, profile: { limits } }) => {
      const used = this.#usage.glance(container);
      const may = { cpuLimit: limits.cpus, pidsLimit: limits.pids };
      return used === null ? [] : [[id, { ...used, ...may }] as const];
    });
    return {
      usage: Object.fromEntries(usage),
      events: recent?.newest(EVENTS) ?? [],
      history: [...history?.samples ?? []],
    };
  }

  async whyNotLive(): Promise<string | null> {
    const answer = this.#parts.engine.ping(AbortSignal.timeout(ENGINE_MS));
    return await answer.then(() => true, () => false) ? null : "The Docker Engine does not answer.";
  }

  async whyNotReady(): Promise<string | null> {
    const { engine, registry, maintenance, choices, tryWriting } = this.#parts;
    if (maintenance.drain !== null) return "The gateway is being drained.";
    const notLive = await this.whyNotLive();
    if (notLive !== null) return notLive;
    const hasImage = engine.hasImage(choices()[0]!.profile.image, AbortSignal.timeout(ENGINE_MS));
    if (!await hasImage.catch(() => false)) return "The image of new sessions is missing.";
    if (!await tryWriting().then(() => true, () => false)) {
      return "The state directory cannot be written to.";
    }
    if (await registry.diskIsLow()) return "The disk of Docker's data is nearly full.";
    return registry.startsFail ? "Shells fail to start; the log says why." : null;
  }

  async drain(): Promise<DrainInfo> {
    const { registry, maintenance: { drain } } = this.#parts;
    await registry.settled(ADOPTION_MS);
    return {
      draining: drain !== null,
      since: drain && new Date(drain.sinceMs).toISOString(),
      endsAt: drain && drain.endsAtMs !== null ? new Date(drain.endsAtMs).toISOString() : null,
      message: drain?.message ?? "",
      sessions: registry.list().length,
    };
  }

  async beginDrain({ endsAt, message }: DrainOrder): Promise<DrainInfo> {
    const endsAtMs = endsAt === null ? null : Date.parse(endsAt);
    await this.#parts.maintenance.begin({ endsAtMs, message });
    return await this.drain();
  }

  async cancelDrain(): Promise<DrainInfo> {
    await this.#parts.maintenance.cancel();
    return await this.drain();
  }

  // deno-lint-ignore require-await -- another agent must be waited for
  async broadcast(text: string, session?: string): Promise<number> {
    return this.#parts.maintenance.broadcast(text, session);
  }
}

function describe(session: Session): SessionInfo {
  return {
    id: session.id,
    user: session.user,
    image: session.profile.image,
    container: session.container,
    ...session.profile.machine !== undefined && { machine: session.profile.machine },
    started: session.startedAt.toISOString(),
    phase: session.phase,
    attached: session.attached,
    remote: session.remote,
    idleSeconds: Math.floor(session.idleMs / 1000),
    outputBytes: session.traffic.outputBytes,
    offset: session.output.end,
    ...glimpseOf(session),
  };
}

/** What was last seen of each, and up to where: one that stands still is not read again. */
const seen = new WeakMap<Session, { readonly end: number; readonly glimpse: Glimpse }>();

function glimpseOf(session: Session): Glimpse {
  const { end } = session.output;
  const before = seen.get(session);
  if (before?.end === end) return before.glimpse;
  const now = glimpse(session.output.latest(GLIMPSE_BYTES));
  seen.set(session, { end, glimpse: now });
  return now;
}
