/** What there is of one's own, as the gateway's events tell it; pure. */
import type { Events, LiveSession, NodeBrief } from "../../lib/protocol/events.ts";
import type { MachineInfo, MachineState, MachineUsage } from "../../lib/protocol/machines.ts";

/** All that is known. */
export interface World {
  readonly machines: ReadonlyMap<string, MachineInfo>;
  readonly sessions: ReadonlyMap<string, LiveSession>;
  readonly nodes: readonly NodeBrief[];
  /** How many machines one may have. */
  readonly most: number;
  readonly usage: MachineUsage;
}

type Named<Name extends keyof Events> = readonly [name: Name, data: Events[Name]];
export type Event = { [Name in keyof Events]: Named<Name> }[keyof Events];

const NOTHING: World = {
  ...{ machines: new Map(), sessions: new Map(), nodes: [], most: 0, usage: {} },
};

/** What is so after an event. */
export function after(world: World | null, [name, data]: Event): World {
  const before = world ?? NOTHING;
  switch (name) {
    case "snapshot": {
      const { nodes, most } = data;
      const machines = mapOf(data.machines), sessions = mapOf(data.sessions);
      // What is on a node that went away meanwhile is still there.
      for (const [id, machine] of before.machines) {
        if (isAway(machine, nodes) && !machines.has(id)) machines.set(id, machine);
      }
      return { ...before, machines, sessions, nodes, most };
    }
    case "nodes":
      return { ...before, nodes: data };
    case "machine":
      return { ...before, machines: withOne(before.machines, data) };
    case "machine-gone": {
      const gone = before.machines.get(data.id);
      if (!gone || isAway(gone, before.nodes)) return before;
      return { ...before, machines: without(before.machines, data.id) };
    }
    case "session":
      return { ...before, sessions: withOne(before.sessions, data) };
    case "session-gone":
      return { ...before, sessions: without(before.sessions, data.id) };
    case "usage":
      return { ...before, usage: data };
  }
}

/** Those that are not deleted, by name. */
export function living({ machines }: World): MachineInfo[] {
  return sorted(machines, ({ state }) => state !== "deleted");
}

/** Those that can be restored, by name; of one name the one that would be. */
export function restorable({ machines }: World): MachineInfo[] {
  const all = sorted(machines, ({ state }) => state === "deleted");
  const until = ({ restorableUntil }: MachineInfo) => restorableUntil ?? "";
  return all.filter((one) =>
    all.every((other) => other.name !== one.name || until(other) <= until(one))
  );
}

/** How one is; "away" where nobody knows, as its node is. */
export function stateOf(machine: MachineInfo, { nodes }: World): MachineState | "away" {
  return isAway(machine, nodes) ? "away" : machine.state;
}

/** How many shells are open in one. */
export function shellsIn({ id }: MachineInfo, { sessions }: World): number {
  return [...sessions.values()].filter(({ machine, phase }) => machine === id && phase === "live")
    .length;
}

/** The names of nodes that are away. */
export function awayNodes({ nodes }: World): string[] {
  return nodes.filter(({ state }) => state === "away").map(({ name }) => name);
}

function isAway({ node }: MachineInfo, nodes: readonly NodeBrief[]): boolean {
  return nodes.some(({ name, state }) => state === "away" && (node ?? name) === name);
}

function sorted(
  machines: ReadonlyMap<string, MachineInfo>,
  is: (machine: MachineInfo) => boolean,
): MachineInfo[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return [...machines.values()].filter(is).toSorted((a, b) => byName.compare(a.name, b.name));
}

function mapOf<T extends { readonly id: string }>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

function withOne<T extends { readonly id: string }>(
  all: ReadonlyMap<string, T>,
  one: T,
): ReadonlyMap<string, T> {
  return new Map(all).set(one.id, one);
}

function without<T>(all: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  const rest = new Map(all);
  rest.delete(id);
  return rest;
}
