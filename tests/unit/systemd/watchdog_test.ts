/** Proves when signs of life are given to systemd, and when none are asked for. */
import { assertEquals } from "@std/assert";
import { feedWatchdog, watchdogMs } from "../../../lib/systemd/watchdog.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const PID = 4711;

function environment(variables: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(variables));
}

Deno.test("feedWatchdog() gives a sign at once and then twice in each timeout, until disposed", async () => {
  const clock = new ManualClock();
  const sent: [number, ...string[]][] = [];
  const notify = (...assignments: readonly string[]) => {
    sent.push([clock.now(), ...assignments]);
    return Promise.resolve(true);
  };
  const env = environment({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "4711" });
  {
    using _fed = feedWatchdog({ env, pid: PID, notify, clock });
    await clock.advance(44_999);
  }
  assertEquals(sent, [[0, "WATCHDOG=1"], [15_000, "WATCHDOG=1"], [30_000, "WATCHDOG=1"]]);
  assertEquals(clock.pending, 0);
});

Deno.test("feedWatchdog() does nothing when nobody asks", () => {
  const clock = new ManualClock();
  const notify = () => Promise.reject(new Error("nobody asked"));
  using _fed = feedWatchdog({ env: environment({}), pid: PID, notify, clock });
  assertEquals(clock.pending, 0);
});

Deno.test("watchdogMs() takes the variables as sd_watchdog_enabled(3) does", () => {
  const cases: [Record<string, string>, number | null][] = [
    [{ WATCHDOG_USEC: "1500000", WATCHDOG_PID: "4711" }, 1500],
    [{ WATCHDOG_USEC: "1500000" }, 1500],
    [{ WATCHDOG_USEC: "1500000", WATCHDOG_PID: "1" }, null],
    [{ WATCHDOG_PID: "4711" }, null],
    [{ WATCHDOG_USEC: "0" }, null],
    [{ WATCHDOG_USEC: "" }, null],
    [{ WATCHDOG_USEC: "-5" }, null],
    [{ WATCHDOG_USEC: "soon" }, null],
  ];
  for (const [env, ms] of cases) assertEquals(watchdogMs(environment(env), PID), ms);
});
