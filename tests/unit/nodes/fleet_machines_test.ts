/** Machines of several nodes: each on the one where it was made, found and counted over all. */
import { assertEquals, assertRejects } from "@std/assert";
import { AgentAwayError } from "../../../lib/agent/agent.ts";
import { FleetMachines } from "../../../lib/nodes/fleet_machines.ts";
import { MachineError } from "../../../lib/protocol/machines.ts";
import { Machine } from "../../support/scripted_agent.ts";

const WISH = { image: null, groups: [], elsewhere: 0, node: null };

/** Two nodes, of which new machines are made on the one that is named. */
class Stage implements AsyncDisposable {
  readonly east = new Machine();
  readonly west = new Machine();
  away = false;
  place = "east";
  readonly machines = new FleetMachines({
    nodes: () => [
      { name: "east", agent: this.east.agent },
      ...this.away ? [] : [{ name: "west", agent: this.west.agent }],
    ],
    isAlone: () => false,
    isSomeAway: () => this.away,
    place: ({ node }) => {
      const name = node ?? this.place;
      const { agent } = name === "east" ? this.east : this.west;
      return Promise.resolve({ name, agent });
    },
  });

  async [Symbol.asyncDispose]() {
    await Promise.all([this.east, this.west].map((one) => one[Symbol.asyncDispose]()));
  }
}

async function refused(deed: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => deed, MachineError)).kind;
}

Deno.test("a machine is found on its node, and no name is given twice", async () => {
  await using stage = new Stage();
  const { machines } = stage;
  const both = await Promise.all([
    machines.put("alice", "box", { ...WISH, node: "east" }),
    machines.put("alice", "box", WISH),
  ]);
  assertEquals(both.map(({ made, machine }) => [made, machine.node]), [
    [true, "east"],
    [false, "east"],
  ]);
  assertEquals(await refused(machines.put("alice", "box", { ...WISH, node: "west" })), "conflict");
  await machines.put("alice", "crate", { ...WISH, node: "west" });
  assertEquals((await machines.start("alice", "crate")).node, "west");
  assertEquals(await refused(machines.change("alice", "crate", { name: "box" })), "conflict");
  assertEquals((await machines.list("alice")).map(({ name, node }) => [name, node]), [
    ["box", "east"],
    ["crate", "west"],
  ]);
});

Deno.test("a limit counts the machines of all nodes", async () => {
  await using stage = new Stage();
  for (const [name, node] of [["a", "east"], ["b", "west"], ["c", "west"]] as const) {
    await stage.machines.put("alice", name, { ...WISH, node });
  }
  assertEquals(await refused(stage.machines.put("alice", "d", WISH)), "limit");
  await stage.machines.remove("alice", "b");
  assertEquals((await stage.machines.put("alice", "d", WISH)).made, true);
});

Deno.test("a deleted one is restored on its node, unless another has its name by now", async () => {
  await using stage = new Stage();
  const { machines } = stage;
  await machines.put("alice", "box", { ...WISH, node: "west" });
  await machines.remove("alice", "box");
  assertEquals((await machines.remove("alice", "box")).node, "west");
  await machines.put("alice", "box", { ...WISH, node: "east" });
  assertEquals(await refused(machines.restore("alice", "box")), "conflict");
  await machines.change("alice", "box", { name: "other" });
  assertEquals((await machines.restore("alice", "box")).node, "west");
});

Deno.test("what a node that is away may have is not said not to be there", async () => {
  await using stage = new Stage();
  await stage.machines.put("alice", "box", { ...WISH, node: "west" });
  stage.away = true;
  await assertRejects(() => stage.machines.get("alice", "box"), AgentAwayError);
  assertEquals(await stage.machines.list("alice"), []);
  stage.away = false;
  assertEquals(await refused(stage.machines.get("alice", "none")), "unknown");
});

Deno.test("a list of everybody's machines is one question to each node, as is what they use", async () => {
  await using stage = new Stage();
  for (const node of ["east", "west"]) {
    for (const user of ["alice", "bob"]) {
      await stage.machines.put(user, `box-${node}`, { ...WISH, node });
    }
  }
  const asked: string[] = [];
  for (const name of ["east", "west"] as const) {
    const { machines } = stage[name].agent;
    for (const verb of ["list", "usage"] as const) {
      const ask = machines[verb].bind(machines) as (user: string | null) => Promise<never>;
      Object.assign(machines, { [verb]: (user: string | null) => (asked.push(name), ask(user)) });
    }
  }
  assertEquals((await stage.machines.list(null)).length, 4);
  assertEquals(await stage.machines.usage("alice"), {});
  assertEquals(asked, ["east", "west", "east", "west"]);
});
