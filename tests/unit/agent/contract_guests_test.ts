/** What every agent keeps to when others than a session's own user are there. */
import { assertEquals } from "@std/assert";
import { ending } from "../../../lib/sessions/endings.ts";
import type { Guest } from "../../../lib/types.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { TestTerminal } from "../../support/terminal.ts";
import { contract } from "./contract.ts";

/** As whom a guest comes, and as what. */
const guestOf = (terminal: TestTerminal, user: string, guest: string, offset = 0) => ({
  query: { user, guest, session: terminal.session, offset },
});

contract(
  "a guest sees what is there and what comes, and each knows of the other",
  async (scene) => {
    const { front, agent, machine } = scene;
    await using terminal = await TestTerminal.open(front, { query: { cols: 132 } });
    await terminal.see(/# $/);
    terminal.type("echo hi\r");
    await using guest = await TestTerminal.open(front, guestOf(terminal, "bob", "watch"));
    await guest.see(/\nhi\r\n# $/);
    const ready = await guest.event("ready");
    assertEquals([ready.guest, ready.user, ready.size], ["watch", "alice", {
      cols: 132,
      rows: 24,
    }]);
    const guests: readonly Guest[] = [{ name: "bob", role: "watch" }];
    assertEquals((await terminal.event("guests")).guests, guests);
    assertEquals((await guest.event("guests")).guests, guests);
    assertEquals((await agent.list()).map(({ user, attached }) => [user, attached]), [[
      "alice",
      true,
    ]]);
    guest.cut();
    await until(() =>
      terminal.events.some((one) => one.type === "guests" && one.guests.length === 0)
    );
    assertEquals(machine.shell.stream.written.join(""), "echo hi\r");
  },
);

contract("what a guest types counts where it may type, and its size nowhere", async (scene) => {
  const { front, machine } = scene;
  await using terminal = await TestTerminal.open(front, {});
  await terminal.see(/# $/);
  await using watcher = await TestTerminal.open(front, guestOf(terminal, "bob", "watch"));
  await using typist = await TestTerminal.open(front, guestOf(terminal, "carol", "type"));
  for (const guest of [watcher, typist]) guest.resize(20, 10);
  watcher.type("echo no\r");
  watcher.type(""); // which alive answers, and all before it has been taken
  await watcher.event("alive");
  typist.type("echo yes\r");
  await terminal.see(/\nyes\r\n# $/);
  assertEquals(machine.shell.stream.written.join(""), "echo yes\r");
  terminal.type("");
  assertEquals((await terminal.event("alive")).input, 0);
  terminal.resize(100, 30);
  const size = await typist.event("size");
  assertEquals([size.cols, size.rows, machine.shell.size], [100, 30, { cols: 100, rows: 30 }]);
});

contract(
  "a guest that acknowledges nothing holds nobody up, and goes on near the end",
  async (scene) => {
    const { front, machine } = scene;
    await using terminal = await TestTerminal.open(front, {});
    const options = { ...guestOf(terminal, "bob", "watch"), acks: false };
    await using guest = await TestTerminal.open(front, options);
    const chunk = "x".repeat(65536);
    const modes = "\x1b[?2004h";
    machine.shell.stream.print(modes);
    for (let i = 0; i < 32; i++) machine.shell.stream.print(chunk);
    await until(() => terminal.outputBytes > 32 * 65536);
    assertEquals(guest.outputBytes, 512 * 1024);
    guest.ack(guest.offset);
    const skip = await guest.event("skip");
    assertEquals([skip.from, skip.to, skip.modes], [512 * 1024, terminal.offset - 65536, modes]);
    await until(() => guest.offset === terminal.offset);
  },
);

contract(
  "a guest comes back to where it was, and begins anew where that is not known",
  async (scene) => {
    const { front } = scene;
    await using terminal = await TestTerminal.open(front, {});
    await terminal.see(/# $/);
    const beginsAt = async (offset: number) => {
      const options = guestOf(terminal, "bob", "watch", offset);
      await using guest = await TestTerminal.open(front, options);
      return (await guest.event("ready")).offset;
    };
    assertEquals([await beginsAt(1), await beginsAt(terminal.offset)], [1, terminal.offset]);
    assertEquals(await beginsAt(1_000_000), 0);
  },
);

contract(
  "a guest whose share ends is told so, and the session goes on",
  async ({ front, agent }) => {
    await using terminal = await TestTerminal.open(front, {});
    await using guest = await TestTerminal.open(front, guestOf(terminal, "bob", "watch"));
    front.dismiss("bob", { why: "share", message: "alice ended it." });
    const { reason, message } = await guest.event("ended");
    assertEquals([reason, message, (await guest.closed).code], [
      "unshared",
      "alice ended it.",
      4410,
    ]);
    assertEquals((await agent.list()).map(({ attached }) => attached), [true]);
  },
);

contract("a guest whose log-in ends is dismissed, and hears how a session ends", async (scene) => {
  const { front, agent } = scene;
  await using terminal = await TestTerminal.open(front, {});
  await using bob = await TestTerminal.open(front, guestOf(terminal, "bob", "watch"));
  await using root = await TestTerminal.open(front, guestOf(terminal, "root", "admin"));
  front.dismiss("bob", { why: "login", ended: ending("killed", "Your account was removed.") });
  assertEquals((await bob.closed).code, 4401);
  assertEquals((await agent.list()).length, 1);
  terminal.type("exit 3\r");
  assertEquals((await root.event("ended")).exitCode, 3);
  assertEquals((await root.closed).code, 1000);
});

contract("a guest of a session that is not there is told so", async ({ front }) => {
  const query = { user: "bob", guest: "watch", session: "none", offset: 0 };
  await using guest = await TestTerminal.connect(front, { query });
  assertEquals((await guest.closed).code, 4404);
});

contract("another page of its user's takes a session over, and guests stay", async ({ front }) => {
  await using terminal = await TestTerminal.open(front, {});
  await using guest = await TestTerminal.open(front, guestOf(terminal, "bob", "watch"));
  const query = { session: terminal.session, offset: 0 };
  await using second = await TestTerminal.open(front, { query });
  assertEquals((await terminal.closed).code, 4409);
  assertEquals((await second.event("guests")).guests.length, 1);
  second.type("echo on\r");
  await guest.see(/\non\r\n# $/);
});

const agents = new ManualClock();
contract(
  "a guest that takes nothing of a session that is over is told so after a while",
  async (scene) => {
    const { front, machine } = scene;
    await using terminal = await TestTerminal.open(front, {});
    const options = { ...guestOf(terminal, "bob", "watch"), acks: false };
    await using guest = await TestTerminal.open(front, options);
    machine.shell.stream.print("x".repeat(600_000));
    await until(async () => {
      await agents.advance(10);
      return guest.outputBytes === 512 * 1024 && terminal.outputBytes > 600_000;
    });
    terminal.type("exit 3\r");
    let closed = false;
    guest.closed.then(() => closed = true);
    await until(async () => {
      await agents.advance(1_000);
      return closed;
    });
    assertEquals([(await guest.event("ended")).exitCode, (await guest.closed).code], [3, 1000]);
    assertEquals(guest.outputBytes, 512 * 1024);
  },
  agents,
);
