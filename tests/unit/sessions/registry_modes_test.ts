/** How a program has set the terminal, for one who comes back and does not get all output. */
import { assertEquals } from "@std/assert";
import { newRecord } from "../../../lib/sessions/lease_record.ts";
import { adoptShell } from "../../../lib/sessions/adoption.ts";
import type { Session } from "../../../lib/sessions/session.ts";
import { settle } from "../../support/manual_clock.ts";
import { never, Stage } from "./registry_stage.ts";
import { PROFILE, ScriptedEngine } from "./scripted.ts";

const FULL_SCREEN = "\x1b[?1049h\x1b[?1002h\x1b[?1006h";
/** Lines that each are another one. */
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\r\n`).join("");

const encode = (text: string) => new TextEncoder().encode(text);

/** Takes in all that has been printed, as a viewer does. */
async function drawAll({ output }: Session): Promise<void> {
  for (let before = -1; before !== output.end;) {
    before = output.end;
    output.ack(before, before);
    await settle();
  }
}

/** What a page is told that has output up to an offset. */
function comeBack(session: Session, offset: number) {
  using viewer = session.view(offset, () => {});
  return { from: viewer.from, modes: viewer.modes };
}

Deno.test("who misses the beginning is told how it set the terminal, who has all is not", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print(FULL_SCREEN + lines(60_000));
  await drawAll(session);
  const { end } = session.output;
  assertEquals(comeBack(session, end - 5), { from: end - 5, modes: "" });
  assertEquals(comeBack(session, 0), { from: end - 512 * 1024, modes: FULL_SCREEN });
  container.stream.print("\x1b[?1006l\x1b[?1002l\x1b[?1049l" + lines(60_000));
  await drawAll(session);
  assertEquals(comeBack(session, 0).modes, "");
});

Deno.test("output that was lost while the engine was away leaves the terminal as it was set", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print(FULL_SCREEN + "begun\r\n");
  await settle();
  const { end } = session.output;
  stage.engine.goAway();
  container.log = "nothing\r\nof that\r\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(comeBack(session, end).modes, FULL_SCREEN);
});

/** What another process than the one that wrote it down makes of a session and its log. */
async function adopt(known: { text: string; end: number; modes?: string }, log: string) {
  const { text, ...rest } = known;
  const engine = new ScriptedEngine();
  const id = { session: "one", user: "alice", role: "session", expires: 0 } as const;
  const container = await engine.create(id);
  engine.containers.get(container)!.log = log;
  const record = {
    ...newRecord("alice", PROFILE),
    output: { bytes: encode(text), ...rest },
    left: true,
  };
  const { shell, output } = await adoptShell(engine, { session: "one", container, record }, never);
  await shell[Symbol.asyncDispose]();
  return { start: output.end - output.bytes.length, modes: output.modes };
}

Deno.test("another process goes on with how the terminal was set before what it has of the output", async () => {
  const text = `b\r\n\x1b[?2004h${lines(1_000)}`;
  const known = { text, end: 900_000, modes: FULL_SCREEN };
  const start = 900_000 - text.length;
  assertEquals(await adopt(known, ""), { start, modes: FULL_SCREEN });
  // The log begins before what was written down, or after that.
  const earlier = await adopt(known, "a\r\n" + text + "more\r\n");
  assertEquals(earlier, { start: start - 3, modes: FULL_SCREEN });
  const later = await adopt(known, text.slice(-5_000) + "more\r\n");
  assertEquals(later, { start: 900_000 - 5_000, modes: FULL_SCREEN + "\x1b[?2004h" });
  // The log has all, and nothing was said before that.
  const whole = await adopt({ text, end: text.length + 3, modes: FULL_SCREEN }, "a\r\n" + text);
  assertEquals(whole, { start: 0, modes: "" });
  // The place of the log is not known.
  assertEquals((await adopt(known, "something else\r\n")).modes, FULL_SCREEN + "\x1b[?2004h");
});
