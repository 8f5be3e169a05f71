/** The named machines of all nodes as those of one: each stays where it was made. */
import { AgentAwayError } from "../agent/agent.ts";
import type { MachineDeeds, MachineWish } from "../agent/machines/machines_seam.ts";
import {
  type MachineChange,
  MachineError,
  type MachineInfo,
  type MachineUsage,
  type Made,
} from "../protocol/machines.ts";
import type { PortStream } from "../protocol/port_stream.ts";
import { NotOfferedError } from "../sessions/errors.ts";
import type { Machine as Node } from "./machine.ts";
import { RosterError } from "./roster.ts";

/** Of how many machines it is remembered which node has them. */
const HELD = 5_000;

export interface FleetMachinesParts {
  /** Those that are there. */
  readonly nodes: () => readonly Node[];
  /** Whether there is no other node, so that nobody need be told which it is. */
  readonly isAlone: () => boolean;
  /** Whether a node is away: what it has is not known then. */
  readonly isSomeAway: () => boolean;
  /** Where a new one is made. @throws {AgentAwayError | NotOfferedError | RosterError} */
  readonly place: (wish: MachineWish) => Promise<Node>;
}

/** One that a node has told of. */
interface Found {
  readonly node: Node;
  readonly info: MachineInfo;
}

export class FleetMachines implements MachineDeeds {
  readonly #parts: FleetMachinesParts;
  /** One at a time of each user's, so that no name is given twice; as many as are under way. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** The names of the nodes that machines are on, by their ids; those that were told of last. */
  readonly #held = new Map<string, string>();

  constructor(parts: FleetMachinesParts) {
    this.#parts = parts;
  }

  async list(user: string | null): Promise<readonly MachineInfo[]> {
    return (await this.#all(user)).map(({ node, info }) => this.#told(node, info));
  }

  /** Of a node that does not answer nothing is known. */
  async usage(user: string | null): Promise<MachineUsage> {
    const asked = this.#parts.nodes().map(({ agent }) => agent.machines.usage(user));
    const answers = await Promise.allSettled(asked);
    return Object.assign({}, ...answers.map((one) => one.status === "fulfilled" ? one.value : {}));
  }

  async get(
    user: string,
    name: string,
    wait?: { readonly until: "running" | "stopped"; readonly ms: number },
    signal?: AbortSignal,
  ): Promise<MachineInfo> {
    const node = await this.holder(user, name);
    return this.#told(node, await node.agent.machines.get(user, name, wait, signal));
  }

  put(user: string, name: string, wish: MachineWish): Promise<Made> {
    return this.#inTurn(user, async () => {
      const all = await this.#all(user);
      const known = all.find(({ info }) => isLiving(info, name))?.node;
      if (known && wish.node !== null && wish.node !== known.name) {
        const message = `You have a machine ${name} already, on ${known.name}.`;
        throw new MachineError("conflict", message);
      }
      const node = known ?? await this.#parts.place(wish).catch(asMachineError);
      const elsewhere = livingElsewhere(all, node);
      const { made, machine } = await node.agent.machines.put(user, name, { ...wish, elsewhere });
      return { made, machine: this.#told(node, machine) };
    });
  }

  async start(user: string, name: string): Promise<MachineInfo> {
    const node = await this.holder(user, name);
    return this.#told(node, await node.agent.machines.start(user, name));
  }

  async stop(user: string, name: string): Promise<MachineInfo> {
    const node = await this.holder(user, name);
    return this.#told(node, await node.agent.machines.stop(user, name));
  }

  change(user: string, name: string, change: MachineChange): Promise<MachineInfo> {
    return this.#inTurn(user, async () => {
      const node = await this.holder(user, name);
      if (change.name !== undefined) await this.#requireFree(user, change.name, node);
      return this.#told(node, await node.agent.machines.change(user, name, change));
    });
  }

  async remove(user: string, name: string): Promise<MachineInfo> {
    const node = await this.#find(user, ({ info }) => isLiving(info, name)) ??
      await this.#tomb(user, name);
    return this.#told(node, await node.agent.machines.remove(user, name));
  }

  restore(user: string, name: string): Promise<MachineInfo> {
    return this.#inTurn(user, async () => {
      const node = await this.#tomb(user, name).catch(() => this.holder(user, name));
      await this.#requireFree(user, name, node);
      const elsewhere = livingElsewhere(await this.#all(user), node);
      return this.#told(node, await node.agent.machines.restore(user, name, elsewhere));
    });
  }

  async connect(
    user: string,
    name: string,
    port: number,
    signal: AbortSignal,
  ): Promise<PortStream> {
    const node = await this.holder(user, name);
    return await node.agent.machines.connect(user, name, port, signal);
  }

  /**
   * The node that has one which is not deleted.
   *
   * @throws {MachineError} when there is none
   * @throws {AgentAwayError} when a node may have it that is away
   */
  async holder(user: string, name: string): Promise<Node> {
    return await this.#find(user, ({ info }) => isLiving(info, name)) ?? this.#unknown(name);
  }

  /** The same, by the id that a node told of lately. @throws {AgentAwayError} */
  async holderOf(id: string): Promise<Node> {
    const nodes = this.#parts.nodes();
    if (this.#parts.isAlone() && nodes.length === 1) return nodes[0]!;
    const name = this.#held.get(id) ?? "";
    const known = nodes.find((node) => node.name === name) ??
      await this.#find(null, ({ info }) => info.id === id);
    if (known) return known;
    throw new AgentAwayError("The node of this machine is away");
  }

  async #tomb(user: string, name: string): Promise<Node> {
    const isTomb = ({ info }: Found) => info.name === name && info.state === "deleted";
    return await this.#find(user, isTomb) ?? this.#unknown(name);
  }

  #unknown(name: string): never {
    if (!this.#parts.isSomeAway()) {
      throw new MachineError("unknown", `You have no machine ${name}.`);
    }
    throw new AgentAwayError(`A node is away that may have the machine ${name}`);
  }

  async #find(user: string | null, is: (found: Found) => boolean): Promise<Node | undefined> {
    return (await this.#all(user)).find(is)?.node;
  }

  /** @throws {MachineError} where another node has a machine of that name */
  async #requireFree(user: string, name: string, { name: own }: Node): Promise<void> {
    const other = (await this.#all(user)).find(({ node, info }) =>
      node.name !== own && isLiving(info, name)
    );
    if (!other) return;
    const message = `You have a machine ${name} already, on ${other.node.name}.`;
    throw new MachineError("conflict", message);
  }

  /** What each node says that answers; one that has no machines has none. */
  async #all(user: string | null): Promise<Found[]> {
    const asked = this.#parts.nodes().map(async (node) =>
      (await node.agent.machines.list(user)).map((info) => ({ node, info }))
    );
    const answers = await Promise.allSettled(asked);
    const [first] = answers;
    if (answers.length === 1 && first!.status === "rejected") throw first!.reason;
    return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
  }

  #told(node: Node, info: MachineInfo): MachineInfo {
    this.#held.delete(info.id);
    this.#held.set(info.id, node.name);
    const [oldest] = this.#held.keys();
    if (this.#held.size > HELD) this.#held.delete(oldest!);
    return this.#parts.isAlone() ? info : { ...info, node: node.name };
  }

  async #inTurn<T>(user: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(user) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.catch(() => {}); // who asked hears of it
    this.#turns.set(user, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(user) === settled) this.#turns.delete(user);
    }
  }
}

function isLiving({ name, state }: MachineInfo, wanted: string): boolean {
  return name === wanted && state !== "deleted";
}

function livingElsewhere(all: readonly Found[], { name }: Node): number {
  return all.filter(({ node, info }) => node.name !== name && info.state !== "deleted").length;
}

function asMachineError(error: unknown): never {
  if (error instanceof NotOfferedError || error instanceof RosterError) {
    throw new MachineError("refused", error.message);
  }
  throw error;
}
