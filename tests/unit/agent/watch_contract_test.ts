/** What an agent tells of changes, in whatever way it is watched. */
import { assertEquals } from "@std/assert";
import { until } from "../../support/gateway.ts";
import { TestTerminal } from "../../support/terminal.ts";
import { contract } from "./contract.ts";

const WISH = { image: null, groups: [], elsewhere: 0, node: null };

contract(
  "each change of a session and of a machine is told, until nobody watches any more",
  async ({
    agent,
    front,
    machine,
  }) => {
    const over = new AbortController();
    let told = 0;
    const watching = agent.watch(() => void told++, over.signal);
    /** Waits until it is told of something that is so. */
    const see = async (is: () => Promise<boolean>) => {
      for (let known = 0; !await is(); known = told) await until(() => told > known);
    };
    await until(() => told > 0);
    await agent.machines.put("alice", "box", WISH);
    const stateOf = async () => (await agent.machines.list(null))[0]?.state;
    await see(async () => await stateOf() === "running");
    const terminal = await TestTerminal.open(front, { query: { machine: "box" } });
    await see(async () => (await agent.list())[0]?.attached === true);
    const [session] = await agent.list();
    assertEquals(session!.machine, (await agent.machines.get("alice", "box")).id);
    terminal.type("exit\r");
    await see(async () => (await agent.list()).length === 0);
    await terminal[Symbol.asyncDispose]();
    await agent.machines.remove("alice", "box");
    await see(async () => await stateOf() === "deleted");
    assertEquals(await agent.machines.usage(null), {});
    over.abort();
    await watching;
    await until(() => machine.engine.containers.size === 0);
  },
);
