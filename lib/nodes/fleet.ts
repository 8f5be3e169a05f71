/** All machines of a gateway as one agent: sessions begin where there is room, and are found again. */
import { type Agent, AgentAwayError, type Opening, type Visit } from "../agent/agent.ts";
import type { ImageInfo, InvitationShape, NodeInfo, NodeStatus } from "../protocol/nodes.ts";
import type { Counts } from "../protocol/counts.ts";
import { type Overview, togetherOf } from "../protocol/overview.ts";
import { machineOfKey } from "../protocol/machines.ts";
import type { DrainInfo, DrainOrder, SessionInfo } from "../protocol/resources.ts";
import type { Ending } from "../sessions/endings.ts";
import { mayHave } from "../sessions/choice.ts";
import { NotOfferedError } from "../sessions/errors.ts";
import type { SessionFiles } from "../sessions/files/files.ts";
import { routed } from "../sessions/files/routed.ts";
import type * as v from "valibot";
import { FleetMachines } from "./fleet_machines.ts";
import type { FleetParts } from "./fleet_parts.ts";
import { eachOnce } from "./holders.ts";
import type { Link } from "./link.ts";
import { hasSession, type Machine, machineOf } from "./machine.ts";
import { awaySessions, describeNodes, drainOfAll, statusOfAll, unionOf } from "./figures.ts";
import { type SwarmStatus, withSwarm } from "./swarm.ts";
import { watchFleet } from "./watch.ts";
import { choose, suits } from "./placement.ts";
import { RosterError } from "./roster.ts";
import { Totals } from "./totals.ts";

/** After its start a gateway does not know yet what is on nodes that have not called. */
const CALLING_MS = 15_000;

/** Owns nothing. */
export class Fleet implements Agent {
  readonly #parts: FleetParts;
  readonly #startedMs: number;
  readonly #totals = new Totals();
  readonly files: SessionFiles;
  /** Each machine has its own. */
  readonly log = null;
  readonly machines: FleetMachines;
  readonly watch: Agent["watch"];

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
    this.files = routed(async (of) => {
      const machine = machineOfKey(of);
      const holder = machine === null ? this.#holder(of) : this.machines.holderOf(machine);
      return (await holder).agent.files;
    });
    this.watch = watchFleet(parts);
    const { roster, links } = parts;
    this.machines = new FleetMachines({
      nodes: () => this.#machines,
      isAlone: () => roster.nodes.length === 0,
      isSomeAway: () => roster.nodes.some(({ id }) => links.of(id) === undefined),
      place: (wish) => this.#place(wish),
    });
  }

  async serve(opening: Opening, visit: Visit, dismissed: AbortSignal): Promise<void> {
    const { name, agent } = visit.resume === null
      ? await this.#place(visit)
      : await this.#holder(visit.resume.session);
    const { roster: { nodes }, links } = this.#parts;
    // Alone it is what it was, and nobody need be told which machine it is.
    const node = nodes.length === 0 ? null : name;
    const others = links.all.filter((link) => link.node.name !== name).flatMap(({ status }) =>
      status.sessions.filter(({ user }) => user === visit.user)
    );
    const elsewhere = others.length + await this.#own(visit.user, name);
    const maxPerUser = this.#parts.rules.maxPerUser();
    await agent.serve(opening, { ...visit, node, elsewhere, maxPerUser }, dismissed);
  }

  /** Those of nodes that are away are in it, as far as these have told of them. */
  async list(): Promise<readonly SessionInfo[]> {
    const { local, roster, links } = this.#parts;
    const lists = await Promise.allSettled(this.#machines.map(async ({ name, agent }) => {
      const sessions = await agent.list();
      if (roster.nodes.length === 0) return sessions;
      return sessions.map((session) => ({ ...session, node: name }));
    }));
    const [first] = lists;
    // One machine alone says why it does not answer.
    if (lists.length === 1 && first!.status === "rejected") throw first!.reason;
    const away = roster.nodes.flatMap(({ id, name }) => awaySessions(name, links.lastOf(id)));
    const there = lists.flatMap((list) => list.status === "fulfilled" ? list.value : []);
    return eachOnce([...there, ...away], links.holders, local?.name ?? null);
  }

  async end(id: string, cause: Ending): Promise<"ended" | "unknown" | "leaving"> {
    return await (await this.#holder(id)).agent.end(id, cause);
  }

  /** Of machines that are away those that they told last are in it. */
  async counts(): Promise<Counts> {
    const { local, roster } = this.#parts;
    const said = await this.#ask(async (agent, name) => [name, await agent.counts()] as const)
      .catch((error) => this.#totals.known ? [] : Promise.reject(error));
    const names = [...local === null ? [] : [local], ...roster.nodes].map(({ name }) => name);
    return this.#totals.take(new Map(said), new Set(names));
  }

  async overview(): Promise<Overview> {
    const isAlone = this.#parts.roster.nodes.length === 0;
    const all = await this.#ask(async (agent, node) => {
      const { events, ...rest } = await agent.overview();
      return { ...rest, events: isAlone ? events : events.map((event) => ({ ...event, node })) };
    });
    return togetherOf(all);
  }

  async status(): Promise<NodeStatus> {
    return statusOfAll(await this.#ask((agent) => agent.status()));
  }

  async whyNotLive(): Promise<string | null> {
    return await this.#parts.local?.agent.whyNotLive() ?? null;
  }

  async whyNotReady(): Promise<string | null> {
    const { local, links } = this.#parts;
    const hasRoom = ({ status }: Link) =>
      !status.draining && status.sessions.length < status.maxTotal;
    if (links.all.some(hasRoom)) return null;
    return local === null ? "No node is there." : await local.agent.whyNotReady();
  }

  drain(): Promise<DrainInfo> {
    return this.#together((agent) => agent.drain());
  }

  beginDrain(order: DrainOrder): Promise<DrainInfo> {
    return this.#together((agent) => agent.beginDrain(order));
  }

  cancelDrain(): Promise<DrainInfo> {
    return this.#together((agent) => agent.cancelDrain());
  }

  async broadcast(text: string, session?: string): Promise<number> {
    if (session) return await (await this.#holder(session)).agent.broadcast(text, session);
    const shown = await this.#ask((agent) => agent.broadcast(text));
    return shown.reduce((sum, one) => sum + one, 0);
  }

  /**
   * What a session of a member of these groups may run in, on whichever machine; first what who asks
   * for nothing gets.
   */
  async images(groups: readonly string[]): Promise<readonly ImageInfo[]> {
    const all = (await this.#candidates()).map(({ status }) => status);
    return unionOf(all).filter((image) => mayHave(image, groups));
  }

  /** The nodes by name, the gateway's own machine first. */
  async nodes(): Promise<readonly NodeInfo[]> {
    return describeNodes(this.#parts, await this.#candidates(), Date.now());
  }

  /** @throws {RosterError} when that cannot be */
  async invite(name: string): Promise<v.InferOutput<typeof InvitationShape>> {
    if (this.#parts.local?.name === name) {
      throw new RosterError("conflict", `${name} is this machine's own name.`);
    }
    const { token, expiresMs } = await this.#parts.roster.invite(name, Date.now());
    return { name, token, expires: new Date(expiresMs).toISOString() };
  }

  /** Trades a token for an identity. @throws {RosterError} when it does not count */
  async join(token: string, publicKey: string) {
    const { roster } = this.#parts;
    const { id, name } = await roster.join(token, publicKey, Date.now());
    return { id, name, gatewayKey: roster.key.publicKey };
  }

  /** Its sessions end at the node, when their grace is over. @throws {RosterError} */
  async remove(name: string): Promise<void> {
    const { roster, links } = this.#parts;
    const id = roster.byName(name)?.id;
    await roster.remove(name);
    if (id !== undefined) links.forget(id);
  }

  /**
   * The agent of a node that is there.
   *
   * @throws {RosterError} when there is no such node
   * @throws {AgentAwayError} when it is away
   */
  agentOf(name: string): Agent {
    const { local, roster, links } = this.#parts;
    if (local?.name === name) return local.agent;
    const node = roster.byName(name);
    if (!node) throw new RosterError("unknown", `There is no node ${name}.`);
    const link = links.of(node.id);
    if (!link) throw new AgentAwayError(`The node ${name} is away`);
    return link.agent;
  }

  /** How many sessions a user has on the gateway's own machine, unless that is the one named. */
  async #own(user: string, name: string): Promise<number> {
    const { local, links } = this.#parts;
    if (local === null || local.name === name || links.all.length === 0) return 0;
    const status = await local.agent.status().catch(() => null);
    return status?.sessions.filter((session) => session.user === user).length ?? 0;
  }

  get #machines(): readonly Machine[] {
    const { local, links } = this.#parts;
    return [...local === null ? [] : [local], ...links.all.map(machineOf)];
  }

  /**
   * Where a session begins; where no machine has room one of them says so.
   *
   * @throws {NotOfferedError} when no machine has what is asked for
   */
  async #place(
    { node, image, groups = [], ...visit }:
      & Pick<Visit, "node" | "image" | "groups" | "machine">
      & Partial<Pick<Visit, "user">>,
  ): Promise<Machine> {
    if (visit.machine) return await this.machines.holder(visit.user!, visit.machine);
    const { local, links, roster, rules } = this.#parts;
    if (node !== null) return { name: node, agent: this.agentOf(node) };
    if (local !== null && links.all.length === 0 && image === null) return local;
    const labels = image === null ? [] : rules.labelsOf(image);
    const wish = { image, groups, labels };
    const candidates = await this.#candidates();
    const suiting = candidates.filter((one) => suits(one, wish));
    const [any = null] = suiting;
    const chosen = choose(suiting, wish) ?? any;
    if (chosen !== null) return chosen;
    const isAway = candidates.length === 0 || roster.nodes.some(({ id, name }) => {
      const status = links.lastOf(id);
      return status !== undefined && suits({ name, status }, wish);
    });
    if (isAway) throw new AgentAwayError("No node that could have it is there");
    throw new NotOfferedError(`There is no image ${image} here that you may have.`);
  }

  /** The machines that answer, with how they are. */
  async #candidates(): Promise<(Machine & { status: SwarmStatus })[]> {
    const { local, links } = this.#parts;
    const own = local && await local.agent.status().then(
      (status) => [{ ...local, status }],
      () => [], // it does not answer: others may
    );
    const there = links.all.map((link) => ({ ...machineOf(link), status: link.status }));
    const all = [...own ?? [], ...there];
    const statuses = all.map(({ status }) => status);
    return all.map((machine) => ({ ...machine, status: withSwarm(machine.status, statuses) }));
  }

  /** Who has a session, or would say that it has ended. @throws {AgentAwayError} */
  async #holder(session: string): Promise<Machine> {
    const { local, links, roster, clock } = this.#parts;
    if (roster.nodes.length === 0 && local !== null) return local;
    if (local !== null && await hasSession(local, session)) return local;
    const holder = links.holders.get(session);
    const link = links.all.find(({ node }) => node.name === holder);
    if (link) return machineOf(link);
    // One that has just begun is in no status yet.
    for (const machine of holder === undefined ? links.all.map(machineOf) : []) {
      if (await hasSession(machine, session)) return machine;
    }
    const isAway = roster.nodes.some(({ id }) =>
      links.of(id) === undefined &&
      (links.lastOf(id)?.sessions.some((one) => one.id === session) ??
        clock.now() - this.#startedMs < CALLING_MS)
    );
    const [any] = this.#machines;
    if (isAway || !any) throw new AgentAwayError("The node of this session is away");
    return any;
  }

  /** What each machine that answers says. */
  async #ask<T>(question: (agent: Agent, name: string) => Promise<T>): Promise<T[]> {
    const asked = this.#machines.map(({ agent, name }) => question(agent, name));
    const answers = await Promise.allSettled(asked);
    const [first] = answers;
    if (answers.length === 1 && first!.status === "rejected") throw first!.reason;
    return answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  }

  async #together(question: (agent: Agent) => Promise<DrainInfo>): Promise<DrainInfo> {
    return drainOfAll(await this.#ask(question));
  }
}
