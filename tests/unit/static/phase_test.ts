import { assertEquals } from "@std/assert";
import { CLOSE } from "../../../lib/protocol/frame.ts";
import {
  afterClose,
  ended,
  hasPanel,
  isStopped,
  loggedOut,
  offering,
  offeringInstead,
  refused,
  waiting,
} from "../../../static/phase.ts";
import type { Running } from "../../../static/running.ts";

function nameAfter(code: number): string {
  const next = afterClose(code);
  return typeof next === "string" ? next : next.name;
}

Deno.test("afterClose() gives each code of the protocol its own consequence", () => {
  assertEquals(
    Object.entries(CLOSE).map(([name, code]) => [name, nameAfter(code)]),
    [
      ["ended", "ended"],
      ["protocolError", "broken"],
      ["failed", "reconnecting"],
      ["restarting", "reconnecting"],
      ["loginEnded", "login"],
      ["noSuchSession", "gone"],
      ["takenOver", "elsewhere"],
      ["shareEnded", "ended"],
      ["limitReached", "ended"],
      ["engineDown", "down"],
    ],
  );
});

Deno.test("afterClose() takes any other code for a lost network", () => {
  assertEquals(
    [0, 1001, 1005, 1006, 1011, 4000].map(afterClose),
    Array(6).fill({ name: "reconnecting", cause: "lost" }),
  );
});

Deno.test("afterClose() tells a restart of the gateway from a lost network", () => {
  assertEquals(afterClose(CLOSE.restarting), { name: "reconnecting", cause: "restarting" });
});

Deno.test("a session that may still live is come back to, a lost one is not", () => {
  const resumes = (code: number) => {
    const next = afterClose(code);
    return typeof next !== "string" && isStopped(next) && next.next === "resume";
  };
  assertEquals([CLOSE.protocolError, CLOSE.takenOver, CLOSE.engineDown].map(resumes), [
    true,
    true,
    true,
  ]);
  assertEquals([CLOSE.ended, CLOSE.noSuchSession, CLOSE.limitReached].map(resumes), [
    false,
    false,
    false,
  ]);
});

Deno.test("ended() keeps the server's sentence, which says why", () => {
  const phase = ended({ type: "ended", reason: "exit", exitCode: 3, message: "The shell exited." });
  assertEquals([phase.message, phase.detail], ["The shell exited.", ""]);
  assertEquals(phase.enter, "Press Enter for a new session.");
});

Deno.test("ended() knows that a session which another tab took over lives on there", () => {
  const phase = ended({ type: "ended", reason: "replaced", exitCode: null, message: "Opened." });
  assertEquals(phase, afterClose(CLOSE.takenOver));
  assertEquals([phase.name, phase.next], ["elsewhere", "resume"]);
});

const RUNNING: Running = {
  about: "",
  id: "a",
  attached: false,
  ageSeconds: 60,
  idleSeconds: 0,
  offset: 0,
};

Deno.test("loggedOut() keeps what was told and leads to the log-in", () => {
  const message = "Your account was locked by an administrator.";
  const phase = loggedOut(ended({ type: "ended", reason: "killed", exitCode: null, message }));
  assertEquals([phase.message, phase.action, phase.next], [message, "Log in", "login"]);
});

Deno.test("refused() tells the server's sentence, or what it may be", () => {
  assertEquals([refused("Why.").message, refused("Why.").detail], ["Why.", ""]);
  assertEquals(refused("").detail === "", false);
});

Deno.test("offering() counts the terminals that are still running", () => {
  assertEquals(offering([RUNNING]).message, "A terminal of yours is still running.");
  assertEquals(offering([RUNNING, RUNNING]).message, "2 terminals of yours are still running.");
});

Deno.test("offeringInstead() keeps the server's sentence on the limit", () => {
  const message = "You already have 1 terminal open.";
  const phase = offeringInstead({ type: "ended", reason: "limit", exitCode: null, message }, [
    RUNNING,
  ]);
  assertEquals([phase.message, phase.action], [message, "Try again"]);
});

Deno.test("hasPanel() holds also where the person chooses or waits, and Enter alone does nothing", () => {
  for (const phase of [offering([RUNNING]), waiting()]) {
    assertEquals([hasPanel(phase), isStopped(phase)], [true, false]);
  }
  assertEquals(hasPanel({ name: "connecting" }), false);
});

Deno.test("isStopped() holds for the phases in which nothing goes on", () => {
  assertEquals(isStopped({ name: "live" }), false);
  assertEquals(isStopped({ name: "reconnecting", cause: "lost" }), false);
  assertEquals(isStopped({ name: "silent" }), false);
  assertEquals(
    isStopped(ended({ type: "ended", reason: "oom", exitCode: null, message: "Out of memory." })),
    true,
  );
});
