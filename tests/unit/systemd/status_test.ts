/** Proves that the line of systemctl status follows what it describes, and no faster than it may. */
import { assertEquals } from "@std/assert";
import { StatusLine } from "../../../lib/systemd/status.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function scripted(heard = true) {
  const clock = new ManualClock();
  const sent: string[][] = [];
  const state = { line: "0 sessions" };
  const notify = (...assignments: readonly string[]) => {
    sent.push([...assignments]);
    return Promise.resolve(heard);
  };
  const status = new StatusLine({ describe: () => state.line, notify, clock });
  return { clock, sent, state, status };
}

Deno.test("tell() sends the line beside what it is given", async () => {
  const { sent, status } = scripted();
  await status.tell("READY=1");
  assertEquals(sent, [["READY=1", "STATUS=0 sessions"]]);
});

Deno.test("a line that changes often is sent once a second, and one that does not is not sent", async () => {
  const { clock, sent, state, status } = scripted();
  await status.tell();
  for (let sessions = 1; sessions <= 20; sessions++) {
    state.line = `${sessions} sessions`;
    await clock.advance(100);
  }
  await clock.advance(60_000);
  assertEquals(sent.map(([line]) => line), [
    "STATUS=0 sessions",
    "STATUS=10 sessions",
    "STATUS=20 sessions",
  ]);
  status[Symbol.dispose]();
  state.line = "gone";
  await clock.advance(60_000);
  assertEquals([sent.length, clock.pending], [3, 0]);
});

Deno.test("where nobody listens there is nothing to keep up to date", async () => {
  const { clock, status } = scripted(false);
  await status.tell("READY=1");
  assertEquals(clock.pending, 0);
});
