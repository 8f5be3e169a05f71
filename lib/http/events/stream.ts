/** One client's stream of server-sent events: what of that which it may know is new to it. */
import type { Clock } from "../../types.ts";
import { eventOf } from "../event_stream.ts";
import type { Entry, Feed, World } from "./feed.ts";

/** A comment so often, so that both sides notice a connection that is lost. */
const HEARTBEAT_MS = 15_000;
/** How often it is looked whether the client may still be there. */
const CHECK_MS = 2_000;
/** What a client is told of. */
export interface Scope {
  /** Whose machines and sessions; null for everybody's. */
  readonly user: string | null;
  /** The id of the only machine that is told of; null for all, and sessions, and nodes. */
  readonly machine: string | null;
  /** Whether it is told what machines use. */
  readonly usage: boolean;
}

export interface StreamParts {
  readonly feed: Feed;
  readonly scope: Scope;
  /** How many machines one may have. */
  readonly most: () => number;
  /** Whether the client may still be there. */
  readonly mayStay: () => boolean;
  /** Aborted when it is over. */
  readonly over: AbortSignal;
  readonly clock: Clock;
}

/** What was told. */
interface Sent {
  readonly machines: Map<string, Entry>;
  readonly sessions: Map<string, Entry>;
  nodes: string;
  usage: string;
}

/** What changed several times before the client took it is told once. */
export async function* eventsFor(parts: StreamParts): AsyncGenerator<string> {
  const { feed, scope: { user, usage } } = parts;
  using _following = feed.follow({ measures: usage ? user : undefined });
  const words = new Words(parts);
  for (let text; (text = await words.next()) !== null;) yield text;
}

class Words {
  readonly #parts: StreamParts;
  #sent: Sent | null = null;
  #saidMs: number;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#saidMs = parts.clock.now();
  }

  /** Waits for what is to be said next; null at the end. */
  async next(): Promise<string | null> {
    const { feed, over, mayStay, clock } = this.#parts;
    let known: number | null = null;
    while (!over.aborted && mayStay()) {
      if (known !== null || feed.world !== null) {
        const text = this.#news(feed.world);
        if (text !== null) return this.#say(text);
      }
      if (clock.now() - this.#saidMs >= HEARTBEAT_MS) {
        return this.#say(": here\n\n");
      }
      if (this.#isOver()) return null;
      const late = new AbortController();
      using _late = clock.timer(CHECK_MS, () => late.abort());
      known ??= await feed.changes.after(null, over);
      known = await feed.changes.after(known, AbortSignal.any([over, late.signal]));
    }
    return null;
  }

  #say(text: string): string {
    this.#saidMs = this.#parts.clock.now();
    return text;
  }

  /** Whether the only machine that it tells of is no more. */
  #isOver(): boolean {
    const { scope: { machine } } = this.#parts;
    return machine !== null && this.#sent !== null && this.#sent.machines.size === 0;
  }

  /** What is new; null for nothing. */
  #news(world: World | null): string | null {
    if (world === null) return null;
    const machines = this.#mine(world.machines), sessions = this.#mine(world.sessions);
    if (this.#sent === null) return this.#begin(world, machines, sessions);
    const sent = this.#sent, { scope: { machine } } = this.#parts;
    const nodes = JSON.stringify(world.nodes);
    let text = "";
    if (machine === null && nodes !== sent.nodes) text += eventOf("nodes", sent.nodes = nodes);
    text += differences("machine", sent.machines, machines);
    if (machine === null) text += differences("session", sent.sessions, sessions);
    text += this.#usage(sent);
    return text || null;
  }

  #begin(
    { nodes }: World,
    machines: Map<string, Entry>,
    sessions: Map<string, Entry>,
  ): string | null {
    const { scope: { machine }, most } = this.#parts;
    this.#sent = { machines, sessions, nodes: JSON.stringify(nodes), usage: "" };
    if (machine !== null) return differences("machine", new Map(), machines) || null;
    const listOf = (all: Map<string, Entry>) => `[${[...all.values()].map(({ json }) => json)}]`;
    const at = new Date().toISOString();
    const json = `{"at":"${at}","machines":${listOf(machines)},"sessions":${listOf(sessions)},` +
      `"nodes":${this.#sent.nodes},"most":${most()}}`;
    return eventOf("snapshot", json);
  }

  #usage(sent: Sent): string {
    const { feed, scope: { user, usage } } = this.#parts;
    const used = usage ? feed.usageOf(user) : undefined;
    if (used === undefined) return "";
    const text = eventOf("usage", JSON.stringify(used));
    return text === sent.usage ? "" : sent.usage = text;
  }

  #mine(all: ReadonlyMap<string, Entry>): Map<string, Entry> {
    const { scope: { user, machine } } = this.#parts;
    return new Map(
      [...all].filter(([id, entry]) =>
        (user === null || entry.user === user) && (machine === null || id === machine)
      ),
    );
  }
}

/** Tells what is new, changed or gone, and takes it for told. */
function differences(
  what: "machine" | "session",
  sent: Map<string, Entry>,
  now: ReadonlyMap<string, Entry>,
): string {
  let text = "";
  for (const id of sent.keys()) {
    if (now.has(id)) continue;
    sent.delete(id);
    text += eventOf(`${what}-gone`, JSON.stringify({ id }));
  }
  for (const [id, entry] of now) {
    if (sent.get(id) === entry) continue;
    sent.set(id, entry);
    text += eventOf(what, entry.json);
  }
  return text;
}
