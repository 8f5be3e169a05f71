/** Named machines: their states, what they survive, and what cannot be, with an engine that is played. */
import { assertEquals, assertRejects } from "@std/assert";
import { Machines } from "../../../lib/agent/machines/machines.ts";
import { sweepMachines } from "../../../lib/agent/machines/machine_file.ts";
import { logTo } from "../../../lib/log.ts";
import { MachineError, TOMB_MS } from "../../../lib/protocol/machines.ts";
import { EngineError } from "../../../lib/sessions/errors.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { PROFILE } from "../sessions/scripted.ts";
import { MemoryStore, refusing, ScriptedMachines } from "./scripted_machines.ts";

const WISH = { image: null, groups: [], elsewhere: 0, node: null };
const CHOICES = [
  { name: "default", title: "", groups: null, profile: PROFILE },
  { name: "python", title: "", groups: ["snakes"], profile: { ...PROFILE, image: "python" } },
  { name: "host", title: "", groups: null, profile: { ...PROFILE, onHost: true } },
];

/** An agent's machines, and what is around them. */
class Stage implements AsyncDisposable {
  readonly engine: ScriptedMachines;
  readonly store: MemoryStore;
  readonly clock = new ManualClock();
  readonly ended: string[] = [];
  unixMs = Date.UTC(2030, 0, 1);
  refusal: string | null = null;
  idleStopMs: number | null = null;
  idleMs: number | null = null;
  room: string | null = null;
  readonly machines: Machines;

  constructor(engine = new ScriptedMachines(), store = new MemoryStore()) {
    [this.engine, this.store] = [engine, store];
    this.machines = Machines.startNow({
      ...{ engine, store, clock: this.clock, log: logTo(() => {}) },
      settings: () => ({
        ...{ maxPerUser: 2, home: "/root", choices: CHOICES },
        idleStopMs: this.idleStopMs,
      }),
      idleMs: () => this.idleMs,
      refusal: () => this.refusal,
      glance: () => null,
      noRoom: () => Promise.resolve(this.room),
      endShells: (_, message) => void this.ended.push(message),
      unixTimeMs: () => this.unixMs,
    }, store.records);
  }

  async state(name: string, user = "alice") {
    const all = await this.machines.list(user);
    return all.find((one) => one.name === name)?.state ?? null;
  }

  /** A machine that runs. */
  async running(name: string) {
    await this.machines.put("alice", name, WISH);
    await until(async () => await this.state(name) === "running");
    return (await this.machines.get("alice", name)).id;
  }

  async [Symbol.asyncDispose]() {
    await this.machines[Symbol.asyncDispose]();
  }
}

async function refused(deed: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => deed, MachineError)).kind;
}

Deno.test("a machine is creating with its stage, then running, and keeps its id", async () => {
  await using stage = new Stage();
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.engine.hold = promise;
  const { made, machine } = await stage.machines.put("alice", "box", WISH);
  assertEquals([made, machine.state, machine.image], [true, "creating", "default"]);
  const { stage: step, percent } = await stage.machines.get("alice", "box");
  assertEquals([step, percent], ["pull", 40]);
  const waiting = stage.machines.get("alice", "box", { until: "running", ms: 20_000 });
  resolve();
  assertEquals((await waiting).state, "running");
  const again = await stage.machines.put("alice", "box", { ...WISH, image: "default" });
  assertEquals([again.made, again.machine.id], [false, machine.id]);
  assertEquals(stage.engine.calls, ["bring new"]);
});

Deno.test("a failed start says why, and the next one is not in its way", async () => {
  await using stage = new Stage();
  stage.engine.failWith = refusing("Cannot create it: no such image");
  await stage.machines.put("alice", "box", WISH);
  await until(async () => await stage.state("box") === "failed");
  const { lastError } = await stage.machines.get("alice", "box");
  assertEquals(lastError, "Cannot create it: no such image");
  stage.engine.failWith = null;
  await stage.machines.start("alice", "box");
  await until(async () => await stage.state("box") === "running");
  assertEquals((await stage.machines.get("alice", "box")).lastError, null);
});

Deno.test("a machine that is deleted while it is made never starts", async () => {
  await using stage = new Stage();
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.engine.hold = promise;
  await stage.machines.put("alice", "box", WISH);
  await stage.machines.remove("alice", "box");
  await stage.machines.remove("alice", "box");
  assertEquals(await stage.state("box"), "deleted");
  resolve();
  await until(() => stage.engine.calls.includes("stop"));
  assertEquals(stage.engine.containers.size, 0);
  assertEquals(await refused(stage.machines.get("alice", "box")), "unknown");
});

Deno.test("two who make the same at once get one, and of two that differ the second is told", async () => {
  await using stage = new Stage();
  const both = await Promise.all([
    stage.machines.put("alice", "box", WISH),
    stage.machines.put("alice", "box", WISH),
  ]);
  assertEquals(both.map(({ made }) => made), [true, false]);
  const other = { ...WISH, image: "python", groups: ["snakes"] };
  assertEquals(await refused(stage.machines.put("alice", "box", other)), "conflict");
  assertEquals(
    await refused(stage.machines.put("alice", "b", { ...WISH, image: "python" })),
    "refused",
  );
  assertEquals(
    await refused(stage.machines.put("alice", "b", { ...WISH, image: "host" })),
    "refused",
  );
  await stage.machines.put("alice", "second", WISH);
  assertEquals(await refused(stage.machines.put("alice", "third", WISH)), "limit");
  assertEquals(await refused(stage.machines.put("bob", "b", { ...WISH, elsewhere: 2 })), "limit");
});

Deno.test("stop, start and rename change what is wanted, and a rename touches no container", async () => {
  await using stage = new Stage();
  const id = await stage.running("box");
  await stage.machines.stop("alice", "box");
  await until(async () => await stage.state("box") === "stopped");
  await stage.machines.stop("alice", "box");
  const { calls } = stage.engine;
  calls.length = 0;
  const renamed = await stage.machines.change("alice", "box", { name: "crate" });
  assertEquals([renamed.id, renamed.name, calls], [id, "crate", []]);
  assertEquals(await refused(stage.machines.get("alice", "box")), "unknown");
  await stage.machines.start("alice", "crate");
  await until(async () => await stage.state("crate") === "running");
  await stage.machines.start("alice", "crate");
  assertEquals(calls, ["bring known"]);
  await stage.machines.put("alice", "box", WISH);
  assertEquals(await refused(stage.machines.change("alice", "crate", { name: "box" })), "conflict");
  assertEquals(stage.ended, ["The machine box was stopped.", "The machine box was stopped."]);
});

Deno.test("other people's machines are not there", async () => {
  await using stage = new Stage();
  await stage.running("box");
  for (const verb of ["get", "start", "stop", "remove", "restore"] as const) {
    assertEquals(await refused(stage.machines[verb]("bob", "box")), "unknown", verb);
  }
  assertEquals(await stage.machines.list("bob"), []);
  assertEquals((await stage.machines.list(null)).length, 1);
});

Deno.test("a deleted machine comes back for a day, then it is swept, and no other one", async () => {
  await using stage = new Stage();
  const id = await stage.running("box");
  await stage.running("other");
  await stage.machines.remove("alice", "box");
  stage.unixMs += TOMB_MS - 1;
  await stage.machines.sweep();
  assertEquals((await stage.machines.restore("alice", "box")).id, id);
  await until(async () => await stage.state("box") === "running");
  assertEquals((await stage.machines.restore("alice", "box")).id, id);
  await stage.machines.remove("alice", "box");
  await stage.machines.put("alice", "box", WISH);
  assertEquals(await refused(stage.machines.restore("alice", "box")), "conflict");
  stage.unixMs += TOMB_MS;
  const { removed } = await sweepMachines(stage.store, stage.engine, {
    ...{ dryRun: true, nowMs: stage.unixMs },
  });
  assertEquals(removed.map((one) => one.id), [id]);
  await stage.machines.sweep();
  assertEquals(stage.engine.containers.has(id), false);
  assertEquals(stage.engine.calls.filter((call) => call === "remove").length, 1);
  assertEquals(stage.store.records.map(({ name }) => name).toSorted(), ["box", "other"]);
  assertEquals(await stage.state("other"), "running");
});

Deno.test("the next agent goes on with what ran, and starts what does not run any more", async () => {
  const [engine, store] = [new ScriptedMachines(), new MemoryStore()];
  const ids: string[] = [];
  {
    await using stage = new Stage(engine, store);
    ids.push(await stage.running("on"), await stage.running("off"));
  }
  assertEquals(ids.map((id) => engine.containers.get(id)?.running), [true, true]);
  engine.exit(ids[1]!, 137);
  engine.calls.length = 0;
  await using next = new Stage(engine, store);
  await until(async () => (await next.machines.list(null)).every((one) => one.state === "running"));
  // Shells that nobody can join any more are ended in the one that ran on.
  assertEquals(engine.calls.toSorted(), ["bring known", "bring known", "endShells"]);
});

Deno.test("a machine that ends by itself starts again, a few times", async () => {
  await using stage = new Stage();
  const id = await stage.running("box");
  for (let times = 0; times < 5; times++) {
    stage.engine.exit(id, 1);
    await until(async () => await stage.state("box") === "stopped");
    const { lastError } = await stage.machines.get("alice", "box");
    assertEquals(lastError, "It ended by itself with exit status 1.");
    await stage.clock.advance(1_000 * 2 ** times);
    assertEquals(await stage.state("box"), "running");
  }
  stage.engine.exit(id, 1);
  await until(async () => await stage.state("box") === "failed");
  await stage.machines.start("alice", "box");
  await until(async () => await stage.state("box") === "running");
});

Deno.test("an engine that is away is asked again, and a drain or a full disk refuse", async () => {
  await using stage = new Stage();
  stage.engine.failWith = new EngineError("Cannot reach it", { answer: "none" });
  await stage.machines.put("alice", "box", WISH);
  await until(async () => await stage.state("box") === "failed");
  stage.engine.failWith = null;
  await stage.clock.advance(1_000);
  await until(async () => await stage.state("box") === "running");
  await stage.machines.stop("alice", "box");
  await until(async () => await stage.state("box") === "stopped");
  stage.room = "The server's disk is nearly full.";
  await stage.machines.start("alice", "box");
  await until(async () => await stage.state("box") === "failed");
  assertEquals((await stage.machines.get("alice", "box")).lastError, stage.room);
  stage.refusal = "The server is being drained.";
  assertEquals(await refused(stage.machines.start("alice", "box")), "unable");
  assertEquals(await refused(stage.machines.put("alice", "new", WISH)), "unable");
});

Deno.test("what cannot be noted is not done", async () => {
  await using stage = new Stage();
  await stage.running("box");
  stage.store.failsWith = new Error("no space left");
  assertEquals(await refused(stage.machines.put("alice", "new", WISH)), "unable");
  assertEquals(await refused(stage.machines.remove("alice", "box")), "unable");
  assertEquals((await stage.machines.list(null)).map(({ name, state }) => [name, state]), [[
    "box",
    "running",
  ]]);
  stage.store.failsWith = null;
});

Deno.test("a machine that nobody uses is stopped, and one with a shell in use or a job is not", async () => {
  await using stage = new Stage();
  const HOUR_MS = 3_600_000;
  stage.idleStopMs = HOUR_MS;
  await stage.running("box");
  const pass = async (ms: number) => {
    stage.unixMs += ms;
    await stage.clock.advance(60_000);
  };
  stage.idleMs = 1_000; // somebody typed
  await pass(2 * HOUR_MS);
  const { lastUsed } = await stage.machines.get("alice", "box");
  assertEquals(Date.parse(lastUsed!), stage.unixMs - 1_000);
  stage.idleMs = null;
  await stage.machines.change("alice", "box", { jobs: true });
  stage.engine.hasJobs = true;
  await pass(HOUR_MS);
  assertEquals([await stage.state("box"), stage.ended], ["running", []]);
  stage.engine.hasJobs = false;
  await pass(1);
  await until(async () => await stage.state("box") === "stopped");
  assertEquals(stage.ended, ["The machine box was stopped: nobody used it for 1 hour."]);
  await stage.machines.start("alice", "box");
  await until(async () => await stage.state("box") === "running");
  await pass(HOUR_MS - 1);
  assertEquals(await stage.state("box"), "running");
});
