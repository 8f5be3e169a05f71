/** What all sessions and machines are like now, looked at once for everybody who follows them. */
import { AgentAwayError } from "../../agent/agent.ts";
import { Changes } from "../../changes.ts";
import { sleep } from "../../clock.ts";
import type { Log } from "../../log.ts";
import type { Fleet } from "../../nodes/fleet.ts";
import type { LiveSession, NodeBrief } from "../../protocol/events.ts";
import type { MachineInfo, MachineUsage } from "../../protocol/machines.ts";
import type { NodeInfo } from "../../protocol/nodes.ts";
import type { SessionInfo } from "../../protocol/resources.ts";
import type { Clock } from "../../types.ts";

/** How long it waits between two looks, at least, and how many times as long as a look took. */
const PACE_MS = 150, PACE_LOOKS = 4;
/** How often it asks what machines use that somebody looks at. */
const USAGE_MS = 2_000;

/** One thing that is told; the same object as long as nothing of it has changed. */
export interface Entry {
  readonly user: string;
  readonly id: string;
  readonly json: string;
}

/** All that is known. */
export interface World {
  readonly machines: ReadonlyMap<string, Entry>;
  readonly sessions: ReadonlyMap<string, Entry>;
  readonly nodes: readonly NodeBrief[];
}

export interface FeedParts {
  readonly fleet: Pick<Fleet, "watch" | "list" | "nodes" | "machines">;
  readonly clock: Clock;
  readonly log: Log;
}

/** One who follows: whose machines' use they want to know, null for everybody's, undefined for none. */
interface Follower {
  readonly measures: string | null | undefined;
}

/** Asks nobody anything while nobody follows. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #followers = new Set<Follower>();
  /** What there is is otherwise, or what is used. */
  readonly changes = new Changes();
  #world: World | null = null;
  #usage = new Map<string | null, MachineUsage>();
  /** Aborted when the last one leaves. */
  #over = new AbortController();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Null until it has looked. */
  get world(): World | null {
    return this.#world;
  }

  /** What machines use, a user's or everybody's; undefined while that is not known. */
  usageOf(user: string | null): MachineUsage | undefined {
    return this.#usage.get(user);
  }

  /** Follows until it is disposed of. */
  follow(follower: Follower): Disposable {
    this.#followers.add(follower);
    if (this.#followers.size === 1) this.#begin();
    return {
      [Symbol.dispose]: () => {
        if (!this.#followers.delete(follower) || this.#followers.size > 0) return;
        this.#over.abort();
        [this.#world, this.#usage] = [null, new Map()];
      },
    };
  }

  #begin(): void {
    this.#over = new AbortController();
    const { signal } = this.#over;
    const changes = new Changes();
    void this.#parts.fleet.watch(() => changes.note(), signal);
    void this.#lookOnAndOn(changes, signal);
    void this.#measureOnAndOn(signal);
  }

  async #lookOnAndOn(changes: Changes, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    for (let known: number | null = null; !signal.aborted;) {
      known = await changes.after(known, signal);
      const beganMs = clock.now();
      await this.#look(signal);
      const tookMs = clock.now() - beganMs;
      await sleep(Math.max(PACE_MS, PACE_LOOKS * tookMs), clock, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { fleet } = this.#parts;
    const asked = [fleet.machines.list(null), fleet.list(), fleet.nodes()] as const;
    const [machines, sessions, nodes] = await Promise.allSettled(asked);
    if (signal.aborted) return;
    for (const one of [machines, sessions, nodes]) this.#note(one);
    const before = this.#world;
    this.#world = {
      machines: entriesOf(machines, machineText, before?.machines),
      sessions: entriesOf(sessions, sessionText, before?.sessions),
      nodes: nodes.status === "fulfilled" ? briefOf(nodes.value) : before?.nodes ?? [],
    };
    this.changes.note();
  }

  /** What an agent does not answer is told by the nodes' state. */
  #note(one: PromiseSettledResult<unknown>): void {
    if (one.status === "fulfilled" || one.reason instanceof AgentAwayError) return;
    this.#parts.log.error("what has changed cannot be looked at", { error: one.reason });
  }

  async #measureOnAndOn(signal: AbortSignal): Promise<void> {
    const { fleet, clock } = this.#parts;
    while (!signal.aborted) {
      const wanted = new Set([...this.#followers].map(({ measures }) => measures));
      for (const user of wanted) {
        if (user === undefined) continue;
        const usage = await fleet.machines.usage(user).catch(() => ({}));
        if (!signal.aborted) this.#usage.set(user, usage);
      }
      for (const user of this.#usage.keys()) if (!wanted.has(user)) this.#usage.delete(user);
      if (this.#usage.size > 0) this.changes.note();
      await sleep(USAGE_MS, clock, signal);
    }
  }
}

type Told = { readonly user: string; readonly id: string };

/** Of an answer that did not come, what was known before. */
function entriesOf<T extends Told>(
  answer: PromiseSettledResult<readonly T[]>,
  textOf: (one: T) => string,
  before: ReadonlyMap<string, Entry> = new Map(),
): ReadonlyMap<string, Entry> {
  if (answer.status === "rejected") return before;
  return new Map(answer.value.map((one) => {
    const { user, id } = one, json = textOf(one), known = before.get(id);
    return [id, known?.json === json ? known : { user, id, json }];
  }));
}

function machineText(machine: MachineInfo): string {
  return JSON.stringify(machine);
}

function sessionText(session: SessionInfo): string {
  const { id, user, image, node, machine, started, phase, attached, remote } = session;
  const told: LiveSession = { id, user, image, node, machine, started, phase, attached, remote };
  return JSON.stringify(told);
}

/** One machine alone is worth telling only while it is away. */
function briefOf(nodes: readonly NodeInfo[]): NodeBrief[] {
  const all = nodes.flatMap(({ name, state, draining }) =>
    state === "invited" ? [] : [{ name, state, draining }]
  );
  return all.length === 1 && all[0]!.state === "online" ? [] : all;
}
