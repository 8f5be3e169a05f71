import { assert, assertEquals, assertRejects } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { ending } from "../../../lib/sessions/endings.ts";
import { EngineError, LimitError } from "../../../lib/sessions/errors.ts";
import { type LeaseRecord, newRecord } from "../../../lib/sessions/lease_record.ts";
import { Registry } from "../../../lib/sessions/registry.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { PROFILE, ScriptedEngine, scriptedLeases, settingsWith } from "./scripted.ts";

const MINUTE = 60_000;
const never = new AbortController().signal;

/** A gateway that finds sessions of the one before it. */
class Stage {
  readonly clock = new ManualClock();
  readonly engine = new ScriptedEngine();
  readonly leased = new Set<string>();
  readonly inherited = new Map<string, LeaseRecord>();
  readonly lines: string[] = [];
  readonly leases = scriptedLeases(this.leased, this.inherited);

  /** A session that runs, and was left in order or not. */
  async leave(session: string, user: string, past: Partial<LeaseRecord> = {}): Promise<void> {
    await this.engine.create({ session, user, role: "session", expires: 0 });
    this.inherited.set(session, { ...newRecord(user, PROFILE), ...past });
    this.leased.add(session);
  }

  start(): Registry {
    const settings = settingsWith({ maxPerUser: 1, times: { reconnectGraceMs: 10 * MINUTE } });
    return new Registry({
      engine: this.engine,
      leases: this.leases,
      settings: () => settings,
      memoryIsLow: () => false,
      clock: this.clock,
      log: createLog((line) => this.lines.push(line), { prefix: false, clock: () => new Date() }),
    });
  }
}

function open(registry: Registry, user: string) {
  const winsize = { cols: 80, rows: 24 };
  return registry.open({ user, winsize, progress: () => {}, signal: never });
}

Deno.test("inherited sessions have their places before anybody is let in", async () => {
  const stage = new Stage();
  await stage.leave("one", "alice");
  stage.engine.goAway();
  await using registry = stage.start();
  await assertRejects(() => open(registry, "alice"), LimitError);
  stage.engine.comeBack();
  await stage.clock.advance(2_000);
  await registry.adopted;
  await assertRejects(() => open(registry, "alice"), LimitError);
  registry.find("one")!.end(ending("killed", ""));
  await registry.list()[0]?.gone;
  await settle();
  assertEquals((await open(registry, "alice")).user, "alice");
});

Deno.test("a session whose container is gone gives its place back", async () => {
  const stage = new Stage();
  await stage.leave("one", "alice");
  stage.engine.containers.clear();
  await using registry = stage.start();
  await registry.adopted;
  await open(registry, "alice");
  assertEquals(stage.inherited.size, 0);
});

Deno.test("a shell that nobody claimed is removed, though another session cannot be joined yet", async () => {
  const stage = new Stage();
  await stage.leave("one", "alice");
  await stage.leave("ready", "");
  const joined = Promise.withResolvers<never>();
  stage.engine.rejoin = () => joined.promise;
  await using registry = stage.start();
  await settle();
  assertEquals([...stage.engine.containers.keys()], ["container-one"]);
  assertEquals([...stage.inherited.keys()], ["one"]);
  assert(registry.unsettled);
  stage.engine.containers.clear();
  joined.reject(new EngineError("gone", { answer: "missing" }));
  await registry.adopted;
});

for (const failsWith of ["none", "refused"] as const) {
  Deno.test(`a container that cannot be joined (${failsWith}) is given up in the end, and no other`, async () => {
    const stage = new Stage();
    await stage.leave("one", "alice");
    await stage.leave("two", "bob");
    const { rejoin } = stage.engine;
    stage.engine.rejoin = (container) =>
      container === "container-one"
        ? Promise.reject(new EngineError("Cannot rejoin", { answer: failsWith }))
        : rejoin.call(stage.engine, container);
    await using registry = stage.start();
    await stage.clock.advance(10_000);
    assertEquals(registry.list().map(({ id }) => id), ["two"]);
    assert(registry.unsettled, "it is still tried");
    await stage.clock.advance(30_000);
    await registry.adopted;
    assertEquals(registry.list().map(({ id }) => id), ["two"]);
    assertEquals([...stage.engine.containers.keys()], ["container-two"]);
    assertEquals(stage.leased, new Set(["two"]));
  });
}

Deno.test("an engine that is away for long costs nobody their session", async () => {
  const stage = new Stage();
  await stage.leave("one", "alice");
  stage.engine.goAway();
  await using registry = stage.start();
  await stage.clock.advance(10 * MINUTE);
  stage.engine.comeBack();
  await stage.clock.advance(2_000);
  assertEquals(registry.find("one")?.phase, "live");
});

Deno.test("input is numbered on; after a crash beyond all that any client counts", async () => {
  const stage = new Stage();
  await stage.leave("left", "alice", { left: true, inputBytes: 7, viewers: 3 });
  await stage.leave("crashed", "bob", { left: false, inputBytes: 7, viewers: 3 });
  await using registry = stage.start();
  await registry.adopted;
  const [left, crashed] = ["left", "crashed"].map((id) => registry.find(id)!);
  assertEquals([left!.inputBytes, left!.viewers], [7, 3]);
  assert(crashed!.inputBytes > 1_000_000_000);
});
