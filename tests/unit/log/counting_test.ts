/** Proves that what strangers cause fills no journal, and that no kind of it goes by unsaid. */
import { assert, assertEquals } from "@std/assert";
import { createLog } from "../../../lib/log.ts";
import { COUNTING_MS, CountingLog, KINDS } from "../../../lib/log/counting.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function counting() {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = createLog((line) => lines.push(line), { prefix: true, clock: () => new Date(0) });
  return { clock, lines, log: new CountingLog(log, clock) };
}

Deno.test("the first of like entries is written at once, the others are counted", async () => {
  const { clock, lines, log } = counting();
  const refuse = () =>
    log.of("192.0.2.1").notice("log-in refused", { event: "login-refused", why: "denied" });
  for (let i = 0; i < 7723; i++) refuse();
  assertEquals(lines, ["<5>log-in refused why=denied"]);
  await clock.advance(COUNTING_MS);
  assertEquals(lines.slice(1), ["<5>log-in refused (7722 more in 60 s) why=denied count=7722"]);

  refuse();
  await clock.advance(COUNTING_MS);
  assertEquals(lines.slice(2), ["<5>log-in refused (1 more in 60 s) why=denied count=1"]);
});

Deno.test("after a quiet minute the next one is a first one again", async () => {
  const { clock, lines, log } = counting();
  const say = () => log.of("a").info("said");
  say();
  await clock.advance(COUNTING_MS);
  assertEquals(clock.pending, 0, "nothing is kept of what is over");
  say();
  assertEquals(lines, ["<6>said", "<6>said"]);
});

Deno.test("sources, users, sessions and reasons are told apart; addresses and errors are not", () => {
  const { lines, log } = counting();
  log.of("a").info("said", { user: "alice", remote: "192.0.2.1" });
  log.of("b").info("said", { user: "alice", remote: "192.0.2.2" });
  log.of("a").info("said", { user: "bob", remote: "192.0.2.1" });
  log.of("a").info("said", { user: "alice", session: "s", remote: "192.0.2.1" });
  log.of("a").info("said", { user: "alice", why: "locked", remote: "192.0.2.1" });
  assertEquals(lines.length, 5);
  log.of("a").info("said", { user: "alice", remote: "192.0.2.3", error: new Error("other") });
  assertEquals(lines.length, 5);
});

Deno.test("a hundred thousand sources get a bounded number of lines, and all are counted", async () => {
  const { clock, lines, log } = counting();
  const sources = 100_000;
  for (let i = 0; i < sources; i++) log.of(`source ${i}`).notice("refused", { remote: String(i) });
  assertEquals(lines.length, KINDS + 1);
  await clock.advance(COUNTING_MS);
  assertEquals(lines.slice(KINDS + 1), [
    `<5>refused (${sources - KINDS - 1} more in 60 s) remote=several count=${sources - KINDS - 1}`,
  ]);
  await clock.advance(COUNTING_MS);
  assertEquals(clock.pending, 0);
});

Deno.test("at the end of the program what was counted is written", async () => {
  const { clock, lines, log } = counting();
  for (let i = 0; i < 3; i++) log.of("a").info("said");
  await clock.advance(10_000);
  log[Symbol.dispose]();
  assertEquals(lines, ["<6>said", "<6>said (2 more in 10 s) count=2"]);
  assert(clock.pending === 0);
});
