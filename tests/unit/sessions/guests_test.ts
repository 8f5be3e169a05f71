/** Guests of a session: who is there, and what comes of what they send. */
import { assertEquals } from "@std/assert";
import { GUESTS } from "../../../lib/sessions/guests.ts";
import { GuestShell } from "../../../lib/sessions/guest_shell.ts";
import type { TerminalEvent } from "../../../lib/types.ts";
import { settle } from "../../support/manual_clock.ts";
import { MINUTE, never, Stage } from "./registry_stage.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const watcher = (name: string) => ({ name, role: "watch" }) as const;

/** Who is there, each time that somebody was told. */
function tellings(events: readonly TerminalEvent[]) {
  return events.flatMap((event) =>
    event.type === "guests" ? [event.guests.map(({ name, role }) => `${name} ${role}`)] : []
  );
}

Deno.test("the viewer and the guests are told who is there, each time one comes or goes", async () => {
  await using stage = new Stage();
  const { session, events } = await stage.view();
  const told: TerminalEvent[] = [];
  const bob = session.guests.join(watcher("bob"), (event) => told.push(event))!;
  using _root = session.guests.join({ name: "root", role: "admin" }, () => {})!;
  bob[Symbol.dispose]();
  bob[Symbol.dispose]();
  assertEquals(tellings(events), [["bob watch"], ["bob watch", "root admin"], ["root admin"]]);
  assertEquals(tellings(told), [["bob watch"], ["bob watch", "root admin"]]);
});

Deno.test("a viewer that comes back is told who is there, and nothing where nobody is", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  const later: TerminalEvent[] = [];
  using _viewer = session.view(0, (event) => later.push(event));
  session.remind();
  assertEquals(later, []);
  using _bob = session.guests.join(watcher("bob"), () => {})!;
  using _again = session.view(0, (event) => later.push(event));
  session.remind();
  assertEquals(tellings(later), [["bob watch"], ["bob watch"]]);
});

Deno.test("the eleventh guest finds no place, and an administrator does", async () => {
  await using stage = new Stage();
  const { session } = await stage.view();
  using held = new DisposableStack();
  for (let i = 0; i < GUESTS; i++) {
    held.use(session.guests.join(watcher(`guest-${i}`), () => {})!);
  }
  assertEquals(session.guests.join({ name: "bob", role: "type" }, () => {}), null);
  held.use(session.guests.join({ name: "root", role: "admin" }, () => {})!);
  assertEquals(session.guests.list.length, GUESTS + 1);
});

Deno.test("a guest neither takes a session over nor keeps it when its viewer is gone", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  using _bob = session.guests.join(watcher("bob"), () => {})!;
  assertEquals([viewer.over.aborted, session.viewers], [false, 1]);
  viewer[Symbol.dispose]();
  assertEquals(session.attached, false);
  await stage.clock.advance(MINUTE);
  assertEquals((await session.ended).reason, "idle");
});

Deno.test("another viewer takes over from the one before and leaves guests where they are", async () => {
  await using stage = new Stage();
  const { session, viewer } = await stage.view();
  using bob = session.guests.join(watcher("bob"), () => {})!;
  using _second = session.view(0, () => {});
  assertEquals([viewer.over.reason, bob.over.aborted], ["replaced", false]);
});

Deno.test("what a guest types reaches the shell, puts the idle end off, and is not counted as the viewer's", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  await session.write(encode("ab"), never);
  const guest = new GuestShell(session, "type", 0);
  await stage.clock.advance(14 * MINUTE);
  await guest.write(encode("cde"), never);
  assertEquals(container.stream.written, ["ab", "cde"]);
  assertEquals([session.inputBytes, guest.inputBytes, session.idleMs], [2, 3, 0]);
});

Deno.test("of a guest that watches no input comes, of one that types no answer of its terminal", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  await stage.clock.advance(MINUTE);
  for (const role of ["watch", "admin"] as const) {
    await new GuestShell(session, role, 0).write(encode("rm -rf /\r"), never);
  }
  await new GuestShell(session, "type", 0).write(encode("\x1b[?1;2c"), never);
  assertEquals([container.stream.written, session.idleMs], [[], MINUTE]);
});

Deno.test("a guest's sizes and wishes change nothing, and the viewer's size is told to guests", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  assertEquals(session.window.size, { cols: 80, rows: 24 });
  const told: TerminalEvent[] = [];
  using _bob = session.guests.join(watcher("bob"), (event) => told.push(event))!;
  const guest = new GuestShell(session, "type", 0);
  guest.resize();
  guest.detach();
  guest.keep();
  await settle();
  assertEquals([container.size, session.lasts.keptMs], [{ cols: 80, rows: 24 }, 0]);
  session.resize({ cols: 132, rows: 43 });
  assertEquals(told.at(-1), { type: "size", cols: 132, rows: 43 });
});

Deno.test("an interrupt of the viewer's drops what guests have typed and still waits", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const gate = Promise.withResolvers<void>();
  const { write } = container.stream;
  container.stream.write = async (bytes) => {
    await gate.promise;
    return await write.call(container.stream, bytes);
  };
  const guest = new GuestShell(session, "type", 0);
  const first = guest.write(encode("first"), never);
  const second = guest.write(encode("second"), never).catch((error) => error);
  const interrupt = session.write(Uint8Array.of(3), never);
  gate.resolve();
  await Promise.all([first, interrupt]);
  assertEquals(container.stream.written, ["first", "\x03"]);
  assertEquals(typeof await second, "symbol");
});

Deno.test("guests come back when output was lost, and when the gateway leaves", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  container.stream.print("begun\r\n");
  await settle();
  using bob = session.guests.join(watcher("bob"), () => {})!;
  stage.engine.goAway();
  container.log = "nothing\r\nof that\r\n";
  stage.engine.comeBack();
  await stage.clock.advance(1_000);
  assertEquals(bob.over.aborted, true);
  using carol = session.guests.join(watcher("carol"), () => {})!;
  const left = stage.registry.leave();
  await stage.clock.advance(100);
  await left;
  assertEquals(carol.over.aborted, true);
});

Deno.test("a guest that does not take the last of a session that is over gets no more after 5 s", async () => {
  await using stage = new Stage();
  const { session, container } = await stage.view();
  const bob = session.guests.join(watcher("bob"), () => {})!;
  const carol = session.guests.join(watcher("carol"), () => {})!;
  container.exit.resolve(0);
  container.stream.end();
  await stage.clock.advance(1_000);
  assertEquals(session.phase, "gone");
  carol[Symbol.dispose]();
  await stage.clock.advance(3_000);
  assertEquals(bob.over.aborted, false);
  await stage.clock.advance(1_000);
  assertEquals(bob.over.reason, "late");
  bob[Symbol.dispose]();
});
