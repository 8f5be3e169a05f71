/** Machines of an agent, in whatever way it is asked for them. */
import { assertEquals, assertRejects } from "@std/assert";
import { MachineError } from "../../../lib/protocol/machines.ts";
import { until } from "../../support/gateway.ts";
import { TestTerminal } from "../../support/terminal.ts";
import { contract } from "./contract.ts";
import { refusing } from "./scripted_machines.ts";

const WISH = { image: null, groups: [], elsewhere: 0, node: null };

contract("a machine is made, waited for, renamed, stopped, deleted and restored", async ({
  agent: { machines },
}) => {
  const { made, machine: { id } } = await machines.put("alice", "box", WISH);
  assertEquals(made, true);
  const running = await machines.get("alice", "box", { until: "running", ms: 20_000 });
  assertEquals([running.id, running.state, running.limits.pids], [id, "running", 128]);
  assertEquals((await machines.change("alice", "box", { name: "crate" })).name, "crate");
  await machines.stop("alice", "crate");
  const stopped = await machines.get("alice", "crate", { until: "stopped", ms: 20_000 });
  assertEquals(stopped.state, "stopped");
  assertEquals((await machines.start("alice", "crate")).id, id);
  assertEquals((await machines.remove("alice", "crate")).state, "deleted");
  const [tomb] = await machines.list("alice");
  assertEquals([tomb!.id, tomb!.state, typeof tomb!.restorableUntil], [id, "deleted", "string"]);
  assertEquals((await machines.restore("alice", "crate")).restorableUntil, null);
  assertEquals(await machines.list("bob"), []);
  assertEquals((await machines.list(null)).length, 1);
});

contract("what cannot be done with a machine is told in its words", async ({
  agent: { machines },
}) => {
  const refused = async (deed: Promise<unknown>) => {
    const { kind, message } = await assertRejects(() => deed, MachineError);
    return [kind, message];
  };
  assertEquals(await refused(machines.start("alice", "box")), [
    "unknown",
    "You have no machine box.",
  ]);
  const other = machines.put("alice", "box", { ...WISH, image: "windows" });
  assertEquals(await refused(other), ["refused", "This server makes no machines of windows."]);
  const full = machines.put("alice", "box", { ...WISH, elsewhere: 3 });
  assertEquals((await refused(full))[0], "limit");
});

contract("a shell in a machine starts it, or says why it does not start", async ({
  agent: { machines },
  front,
  machine,
}) => {
  await machines.put("alice", "box", WISH);
  await machines.get("alice", "box", { until: "running", ms: 20_000 });
  await machines.stop("alice", "box");
  await machines.get("alice", "box", { until: "stopped", ms: 20_000 });
  machine.machines.failWith = refusing("Cannot start it: scripted");
  await using none = await TestTerminal.connect(front, { query: { machine: "box" } });
  const { reason, message } = await none.event("ended");
  assertEquals(reason, "engine");
  assertEquals(message, "The machine box does not run. Cannot start it: scripted");
  machine.machines.failWith = null;
  await using terminal = await TestTerminal.open(front, { query: { machine: "box" } });
  await terminal.see(/# $/);
  assertEquals((await machines.get("alice", "box")).state, "running");
  await machines.stop("alice", "box");
  assertEquals((await terminal.event("ended")).message, "The machine box was stopped.");
  await until(() => machine.engine.containers.size === 0);
});

contract(
  "a port of a machine is reached, each way ends by itself, and what cannot be is told",
  async ({
    agent: { machines },
    machine,
  }) => {
    const { signal } = new AbortController();
    const connect = (user: string, port: number) => machines.connect(user, "box", port, signal);
    const refused = async (deed: Promise<unknown>) => {
      const { kind, message } = await assertRejects(() => deed, MachineError);
      return [kind, message];
    };
    assertEquals(await refused(connect("alice", 80)), ["unknown", "You have no machine box."]);
    await machines.put("alice", "box", WISH);
    await machines.get("alice", "box", { until: "running", ms: 20_000 });
    assertEquals((await refused(connect("bob", 80)))[0], "unknown");
    assertEquals(await refused(connect("alice", 80)), [
      "closed",
      "Nothing listens on port 80 of box.",
    ]);

    // Tells how much it was sent once that has ended, and says more behind its answer.
    machine.machines.servers.set(80, (connection) => {
      let bytes = 0;
      connection.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      connection.on("end", () => connection.end(`${bytes};${"x".repeat(300_000)}`));
    });
    {
      await using stream = await connect("alice", 80);
      for (let i = 0; i < 20; i++) await stream.write(new Uint8Array(100_000));
      await stream.closeWrite();
      let text = "";
      for (let next; (next = await stream.read()) !== null;) text += new TextDecoder().decode(next);
      assertEquals([text.slice(0, 9), text.length], ["2000000;x", 300_008]);
    }

    // One that breaks off is no end.
    machine.machines.servers.set(81, (connection) => connection.destroy());
    machine.machines.servers.set(82, (connection) => connection.write("on"));
    await using broken = await connect("alice", 82);
    assertEquals(new TextDecoder().decode((await broken.read())!), "on");
    const all = await Promise.all(Array.from({ length: 31 }, () => connect("alice", 82)));
    assertEquals((await refused(connect("alice", 82)))[0], "limit");
    await Promise.all(all.map((stream) => stream[Symbol.asyncDispose]()));
    await until(() =>
      connect("alice", 82).then((stream) => stream[Symbol.asyncDispose]()).then(
        () => true,
        () => false,
      )
    );
    await machines.stop("alice", "box");
    await machines.get("alice", "box", { until: "stopped", ms: 20_000 });
    const stopped = ["conflict", "The machine box does not run: start it first."];
    assertEquals(await refused(connect("alice", 82)), stopped);
  },
);
