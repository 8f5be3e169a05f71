/** What the page of one's machines makes of the gateway's events. */
import { assertEquals } from "@std/assert";
import type { MachineInfo } from "../../../../lib/protocol/machines.ts";
import { createCommand, renameCommand } from "../../../../static/machines/command.ts";
import {
  after,
  awayNodes,
  type Event,
  living,
  restorable,
  shellsIn,
  stateOf,
  type World,
} from "../../../../static/machines/world.ts";

const AT = "2030-01-01T00:00:00.000Z";

function machine(id: string, some: Partial<MachineInfo> = {}): MachineInfo {
  return {
    ...{ id, user: "alice", name: id, state: "running", stage: null, percent: null },
    ...{ image: "default", limits: { cpus: 1, memory: 1, pids: 1, disk: 1 } },
    ...{ created: AT, restorableUntil: null, lastError: null, lastUsed: null, jobs: false },
    disk: null,
    ...some,
  };
}

const online = (name: string) => ({ name, state: "online", draining: false } as const);
const away = (name: string) => ({ name, state: "away", draining: false } as const);

function snapshot(machines: MachineInfo[], nodes: readonly ReturnType<typeof online>[] = []) {
  return ["snapshot", { at: AT, machines, sessions: [], nodes: [...nodes], most: 5 }] as Event;
}

const play = (...events: Event[]) => events.reduce<World | null>(after, null)!;
const names = (all: readonly MachineInfo[]) => all.map(({ name }) => name);

Deno.test("machines come, change and go, in the order that people count in", () => {
  const world = play(
    snapshot([machine("web-10"), machine("web-9")]),
    ["machine", machine("db", { state: "creating" })],
    ["machine-gone", { id: "web-10" }],
    ["machine", machine("web-9", { name: "web-2", state: "stopped" })],
  );
  assertEquals(names(living(world)), ["db", "web-2"]);
  assertEquals(living(world).map((one) => stateOf(one, world)), ["creating", "stopped"]);
});

Deno.test("what is on a node that is away stays to be seen, until the node says otherwise", () => {
  const nodes = [online("east"), online("west")];
  const web = machine("web", { node: "west" }), db = machine("db", { node: "east" });
  const lost = play(snapshot([web, db], nodes), ["nodes", [online("east"), away("west")]], [
    "machine-gone",
    { id: "web" },
  ]);
  assertEquals(living(lost).map((one) => stateOf(one, lost)), ["running", "away"]);
  assertEquals(awayNodes(lost), ["west"]);
  const again = after(lost, ["snapshot", {
    ...{ at: AT, machines: [db], sessions: [], nodes: [online("east"), away("west")], most: 5 },
  }]);
  assertEquals(names(living(again)), ["db", "web"]);
  assertEquals(names(living(after(again, snapshot([db], nodes)))), ["db"]);
});

Deno.test("of several deleted ones of a name the one that would be restored is shown", () => {
  const tomb = (id: string, restorableUntil: string) =>
    machine(id, { name: "web", state: "deleted", restorableUntil });
  const world = play(snapshot([
    tomb("old", "2030-01-01T10:00:00.000Z"),
    tomb("new", "2030-01-01T12:00:00.000Z"),
  ]));
  assertEquals(restorable(world).map(({ id }) => id), ["new"]);
  assertEquals(living(world), []);
});

Deno.test("shells are counted in the machine that they are in", () => {
  const session = (id: string, machine: string | undefined, phase: "live" | "ending") =>
    ["session", {
      ...{ id, user: "alice", image: "default", machine, started: AT, phase },
      ...{ attached: true, remote: null },
    }] as Event;
  const box = machine("box");
  const world = play(
    snapshot([box]),
    session("a", "box", "live"),
    session("b", "box", "ending"),
    session("c", undefined, "live"),
    session("d", "box", "live"),
    ["session-gone", { id: "d" }],
  );
  assertEquals(shellsIn(box, world), 1);
});

Deno.test("the command does the same, whatever an image is called", () => {
  const wish = { name: "web", image: "", node: "" };
  assertEquals(createCommand(wish), "ttygate create web");
  assertEquals(
    createCommand({ ...wish, image: "my 'own'", node: "east" }),
    "ttygate create web --image 'my '\\''own'\\''' --node east",
  );
  assertEquals(renameCommand("web", "site"), "ttygate rename web site");
});
