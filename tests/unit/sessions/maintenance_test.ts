/** Proves that a drain lets nobody in, counts down, ends what runs at its time, and is told once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { type Drain, DrainFile } from "../../../lib/sessions/drain_file.ts";
import type { Ending } from "../../../lib/sessions/endings.ts";
import { Maintenance, refusalDuring } from "../../../lib/sessions/maintenance.ts";
import type { Registry } from "../../../lib/sessions/registry.ts";
import type { TerminalEvent } from "../../../lib/types.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const TEN_MINUTES_MS = 600_000;

class Stage implements Disposable {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly told: TerminalEvent[] = [];
  readonly ends: Ending[] = [];
  /** How many sessions there are; one of them has no viewer. */
  sessions = 3;
  stored: Drain | null;
  readonly maintenance: Maintenance;

  constructor(stored: Drain | null = null) {
    this.stored = stored;
    // deno-lint-ignore no-this-alias -- for the getter
    const stage = this;
    const list = () =>
      Array.from({ length: this.sessions }, (_, i) => ({
        id: `session${i}`,
        attached: i !== 0,
        tell: (event: TerminalEvent) => void this.told.push(event),
        end: (cause: Ending) => void this.ends.push(cause),
      }));
    this.maintenance = new Maintenance({
      file: {
        get current() {
          return stage.stored;
        },
        set: (drain) => Promise.resolve(void (this.stored = drain)),
      },
      registry: { list, refresh: () => {}, unsettled: false } as unknown as Registry,
      clock: this.clock,
      unixTimeMs: () => this.clock.now(),
      log: createLog((line) => this.lines.push(line), { prefix: true, clock: () => new Date() }),
    });
  }

  [Symbol.dispose]() {
    this.maintenance[Symbol.dispose]();
    assertEquals(this.clock.pending, 0);
  }
}

Deno.test("a drain with a time counts down and then ends the sessions with its message", async () => {
  using stage = new Stage();
  const { maintenance, clock } = stage;
  await maintenance.begin({ endsAtMs: TEN_MINUTES_MS, message: "New disks." });
  assertEquals(stage.told, Array(2).fill({ type: "notice", text: "New disks.", endsIn: 600 }));
  await clock.advance(60_000);
  assertEquals(maintenance.notice, { type: "notice", text: "New disks.", endsIn: 540 });
  await clock.advance(9 * 60_000 - 1_000);
  assertEquals(stage.ends, []);
  await clock.advance(1_000);
  assertEquals(
    stage.ends,
    Array(3).fill({ reason: "shutdown", exitCode: null, message: "New disks." }),
  );
  stage.sessions = 0;
  await clock.advance(5_000);
  assertMatch(
    stage.lines.join("\n"),
    /^<5>draining: no new sessions at=\S+ text="New disks." sessions=3\n<5>the drain's time has come: ending the sessions sessions=3\n<5>drained: no session is left$/,
  );
  assert(maintenance.drain !== null, "it stays on until it is cancelled");
});

Deno.test("a session that is there late ends, too", async () => {
  using stage = new Stage();
  stage.sessions = 0;
  await stage.maintenance.begin({ endsAtMs: 1_000, message: "" });
  await stage.clock.advance(5_000);
  stage.sessions = 1; // a start that was under way, or one that was taken over late
  await stage.clock.advance(1_000);
  assertEquals(stage.ends.length, 1);
});

Deno.test("a drain that is empty before its time has nothing more to tell then", async () => {
  using stage = new Stage();
  stage.sessions = 0;
  await stage.maintenance.begin({ endsAtMs: 5_000, message: "" });
  await stage.clock.advance(10_000);
  assertEquals(stage.lines.map((line) => /drain\S*/.exec(line)?.[0]), ["draining:", "drained:"]);
});

Deno.test("without a time the sessions live on until the drain is cancelled", async () => {
  using stage = new Stage();
  const { maintenance, clock } = stage;
  await maintenance.begin({ endsAtMs: null, message: "" });
  assertEquals(maintenance.notice?.endsIn, null);
  await clock.advance(TEN_MINUTES_MS);
  assertEquals(stage.ends, []);
  assertMatch(
    refusalDuring(maintenance.drain!),
    /No new terminals can be opened until that is over/,
  );
  stage.told.length = 0;
  assert(await maintenance.cancel());
  assertEquals(stage.told, Array(2).fill({ type: "notice", text: "", endsIn: null }));
  assertEquals(maintenance.notice, null);
  assert(!await maintenance.cancel(), "there is none any more");
});

Deno.test("the same drain again changes nothing, another one tells everybody", async () => {
  using stage = new Stage();
  const { maintenance } = stage;
  await maintenance.begin({ endsAtMs: 60_000, message: "a" });
  await maintenance.begin({ endsAtMs: 60_000, message: "a" });
  assertEquals([stage.told.length, stage.lines.length], [2, 1]);
  await maintenance.begin({ endsAtMs: 120_000, message: "a" });
  assertEquals([stage.told.length, stage.lines.length], [4, 2]);
  assertEquals(maintenance.drain?.sinceMs, 0);
});

Deno.test("a drain whose time came while no gateway ran ends what the next one took over", async () => {
  using stage = new Stage({ sinceMs: -2_000, endsAtMs: -1_000, message: "" });
  await stage.clock.advance(1_000);
  assertEquals(stage.ends.length, 3);
});

Deno.test("a broadcast reaches those that look, and is counted", () => {
  using stage = new Stage();
  assertEquals(stage.maintenance.broadcast("Lunch"), 2);
  assertEquals(stage.told, Array(2).fill({ type: "notice", text: "Lunch", endsIn: null }));
  assertEquals(stage.lines, ["<5>told everybody text=Lunch terminals=2"]);
});

Deno.test("a message to one session reaches that one, if somebody looks at it", () => {
  using stage = new Stage();
  assertEquals(stage.maintenance.broadcast("Lunch", "session1"), 1);
  assertEquals(stage.maintenance.broadcast("Lunch", "session0"), 0); // without a viewer
  assertEquals(stage.told, [{ type: "notice", text: "Lunch", endsIn: null }]);
  assertEquals(stage.lines[0], "<5>told one person session=session1 text=Lunch terminals=1");
});

Deno.test("a drain is kept on disk, and a broken file is told and counts for nothing", async () => {
  const dir = await Deno.makeTempDir();
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), { prefix: true, clock: () => new Date() });
  try {
    const drain = { sinceMs: 1, endsAtMs: 2, message: "gone" };
    const file = await DrainFile.open(dir, "default", log);
    assertEquals(file.current, null);
    await file.set(drain);
    assertEquals((await DrainFile.open(dir, "default", log)).current, drain);
    assertEquals((await DrainFile.open(dir, "other", log)).current, null);
    await file.set(null);
    await file.set(null);
    assertEquals((await DrainFile.open(dir, "default", log)).current, null);
    assertEquals(lines, []);
    await Deno.writeTextFile(`${dir}/instances/default/drain.json`, "{}");
    assertEquals((await DrainFile.open(dir, "default", log)).current, null);
    assertMatch(lines[0]!, /^<3>Cannot read \S+drain\.json: new sessions are let in/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
