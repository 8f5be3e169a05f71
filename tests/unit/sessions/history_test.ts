import { assertEquals } from "@std/assert";
import { History } from "../../../lib/sessions/history.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const MINUTE_MS = 60_000;

Deno.test("the last hour has a sample a minute: sessions, and what they use together", async () => {
  const clock = new ManualClock();
  const containers = ["one", "two"];
  const usage = (container: string) =>
    container === "gone" ? Promise.reject(new Error("gone")) : Promise.resolve({
      atMs: clock.now(),
      cpuMs: clock.now() / 2,
      memory: 10,
      memoryLimit: 100,
      pids: 1,
    });
  using history = History.start({
    engine: { usage },
    registry: { list: () => containers.map((container) => ({ container })) },
    clock,
    now: () => new Date(clock.now()),
  });
  await clock.advance(MINUTE_MS);
  const at = "1970-01-01T00:01:00.000Z";
  assertEquals(history.samples, [{ at, sessions: 2, cpu: 1, memory: 20 }]);
  containers.push("gone");
  await clock.advance(MINUTE_MS);
  assertEquals(history.samples[1], {
    ...history.samples[0],
    at: "1970-01-01T00:02:00.000Z",
    sessions: 3,
  });
  containers.length = 0;
  for (let i = 0; i < 100; i++) await clock.advance(MINUTE_MS);
  assertEquals(history.samples.length, 60);
  const { sessions, cpu, memory } = history.samples.at(-1)!;
  assertEquals([sessions, cpu, memory], [0, 0, 0]);
});
