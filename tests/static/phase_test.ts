import { assertEquals } from "@std/assert";
import { CLOSE } from "../../lib/terminal/frame.ts";
import { afterClose, ended, isStopped } from "../../static/phase.ts";

const equal: (actual: unknown, expected: unknown) => void = assertEquals;

function nameAfter(code: number): string {
  const next = afterClose(code);
  return typeof next === "string" ? next : next.name;
}

Deno.test("afterClose() gives each code of the protocol its own consequence", () => {
  equal(
    Object.entries(CLOSE).map(([name, code]) => [name, nameAfter(code)]),
    [
      ["ended", "ended"],
      ["protocolError", "broken"],
      ["failed", "retry"],
      ["loginEnded", "login"],
      ["noSuchSession", "gone"],
      ["takenOver", "elsewhere"],
      ["limitReached", "ended"],
      ["engineDown", "down"],
    ],
  );
});

Deno.test("afterClose() takes any other code for a lost network", () => {
  equal([0, 1001, 1005, 1006, 1011, 1012, 4000].map(nameAfter), Array(7).fill("retry"));
});

Deno.test("a session that may still live is come back to, a lost one is not", () => {
  const resumes = (code: number) => {
    const next = afterClose(code);
    return typeof next === "string" ? undefined : next.resume;
  };
  equal([CLOSE.protocolError, CLOSE.takenOver, CLOSE.engineDown].map(resumes), [true, true, true]);
  equal([CLOSE.ended, CLOSE.noSuchSession, CLOSE.limitReached].map(resumes), [false, false, false]);
});

Deno.test("ended() keeps the server's sentence and names the reason", () => {
  const phase = ended({ type: "ended", reason: "exit", exitCode: 3, message: "The shell exited." });
  equal([phase.message, phase.detail], ["The shell exited.", "Reason: exit."]);
  equal(phase.enter, "Press Enter for a new session.");
  const idle = ended({ type: "ended", reason: "idle", exitCode: null, message: "No input." });
  equal(idle.detail, "Reason: idle.");
});

Deno.test("ended() knows that a session which another tab took over lives on there", () => {
  const phase = ended({ type: "ended", reason: "replaced", exitCode: null, message: "Opened." });
  equal(phase, afterClose(CLOSE.takenOver));
  equal([phase.name, phase.resume], ["elsewhere", true]);
});

Deno.test("isStopped() holds for the phases with a button only", () => {
  equal(isStopped({ name: "live" }), false);
  equal(isStopped({ name: "reconnecting" }), false);
  equal(
    isStopped(ended({ type: "ended", reason: "oom", exitCode: null, message: "Out of memory." })),
    true,
  );
});
