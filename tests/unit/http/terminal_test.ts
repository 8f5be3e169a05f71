/** A terminal through the gateway: who gets one, and what becomes of it when people come back. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  encodeAck,
  encodeInput,
  encodeResize,
  MESSAGE_BYTES,
} from "../../../lib/protocol/frame.ts";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const gateway = held.use(
  await TestGateway.start({ agent: machine, users: { alice: "wonderland", bob: "builder" } }),
);
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");

/** The gateway answers, and a new session works: nothing before hurt it. */
async function assertAlive() {
  const health = await fetch(`${gateway.origin}/healthz`);
  assertEquals([health.status, await health.json()], [200, { status: "ok" }]);
}

/** Ends a terminal's session and waits until its container is gone. */
async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  assertEquals((await terminal.event("ended")).reason, "exit");
  await terminal.closed;
}

Deno.test("without a login the upgrade is refused with 401", async () => {
  const refused = await assertRejects(() => TestTerminal.connect(gateway, {}), Refused);
  assertEquals(refused.status, 401);
  const expired = "ttygate=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const second = await assertRejects(
    () => TestTerminal.connect(gateway, { cookie: expired }),
    Refused,
  );
  assertEquals(second.status, 401);
  await assertAlive();
});

Deno.test("a foreign Origin, and none, are refused with 403", async () => {
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", false] as const) {
    const refused = await assertRejects(
      () => TestTerminal.connect(gateway, { cookie: alice, origin }),
      Refused,
    );
    assertEquals(refused.status, 403, String(origin));
  }
  await assertAlive();
});

Deno.test("a script without Origin comes in with HTTP Basic", async () => {
  await using terminal = await TestTerminal.open(gateway, {
    basic: "alice:wonderland",
    origin: false,
  });
  await finish(terminal);
  const refused = await assertRejects(
    () => TestTerminal.connect(gateway, { basic: "alice:wrong", origin: false }),
    Refused,
  );
  assertEquals(refused.status, 401);
  assertMatch(refused.headers.get("www-authenticate")!, /^Basic /);
});

Deno.test("a size or an offset that is no number in range is refused with 400", async () => {
  const queries: Record<string, string | number>[] = [
    { cols: 0 },
    { rows: 0 },
    { cols: 65536 },
    { rows: -1 },
    { cols: "80;rm" },
    { rows: "" },
    { cols: "1e3" },
    { session: "abc", offset: -1 },
    { session: "abc", offset: "99999999999999999999" },
  ];
  for (const query of queries) {
    const refused = await assertRejects(
      () => TestTerminal.connect(gateway, { cookie: alice, query }),
      Refused,
    );
    assertEquals(refused.status, 400, JSON.stringify(query));
  }
  await assertAlive();
});

Deno.test("a client of another subprotocol, or of none, is refused with 400", async () => {
  const refused = await assertRejects(
    () => TestTerminal.connect(gateway, { cookie: alice, protocol: "ttygate.v0" }),
    Refused,
  );
  assertEquals(refused.status, 400);
  const plain = await fetch(`${gateway.origin}/terminal`, { headers: { cookie: alice } });
  assertEquals(plain.status, 400);
  await plain.body?.cancel();
});

Deno.test("a session that does not exist, or is somebody else's, closes with 4404", async () => {
  await using unknown = await TestTerminal.connect(gateway, {
    cookie: alice,
    query: { session: "nosuchsession", offset: 0 },
  });
  assertEquals((await unknown.closed).code, 4404);
  await using own = await TestTerminal.open(gateway, { cookie: alice });
  await using other = await TestTerminal.connect(gateway, {
    cookie: bob,
    query: { session: own.session, offset: 0 },
  });
  assertEquals((await other.closed).code, 4404);
  assertEquals(await own.run("echo mine"), "mine");
  await finish(own);
});

Deno.test("a message that breaks the protocol closes with 1008 and the session goes on", async () => {
  const messages: (Uint8Array | string)[] = [
    "text",
    new Uint8Array(0),
    Uint8Array.of(7),
    Uint8Array.of(1, 0, 80),
    Uint8Array.of(2, 0),
    encodeAck(2 ** 40),
    new Uint8Array(MESSAGE_BYTES + 1),
    new Uint8Array(3 * 1024 * 1024),
  ];
  let terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { session } = terminal;
  for (const message of messages) {
    terminal.send(message);
    const name = typeof message === "string"
      ? "text"
      : `${message.slice(0, 9)} (${message.length})`;
    assertEquals((await terminal.closed).code, 1008, name);
    const query = { session, offset: terminal.offset };
    terminal = await TestTerminal.open(gateway, { cookie: alice, query });
    assertEquals(terminal.session, session);
  }
  await using last = terminal;
  assertEquals(await last.run("echo still here"), "still here");
  await finish(last);
});

Deno.test("a message of just 64 KiB is taken", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { stream } = machine.shellOf(terminal.session);
  terminal.send(encodeInput(new Uint8Array(MESSAGE_BYTES - 1).fill(120)));
  await until(() => stream.writtenBytes === MESSAGE_BYTES - 1);
  terminal.type("\r");
  await terminal.see(/x: not found\r\n# $/);
  await finish(terminal);
});

Deno.test("a client that comes back gets every byte it missed, once", async () => {
  let terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { session } = terminal;
  const lines = Array.from({ length: 3000 }, (_, i) => `line ${i + 1}\r\n`);
  const print = (part: number) =>
    machine.shellOf(session).stream.print(lines.slice(part * 500, (part + 1) * 500).join(""));
  let output = "";
  for (let cuts = 0; cuts < 5; cuts++) {
    print(cuts);
    await until(() => terminal.output !== "");
    terminal.cut();
    await terminal.closed;
    output += terminal.output;
    const asked = terminal.offset;
    if (cuts === 4) print(5);
    terminal = await TestTerminal.open(gateway, {
      cookie: alice,
      query: { session, offset: asked },
    });
    assertEquals((await terminal.event("ready")).offset, asked);
  }
  await terminal.see(/line 3000\r\n$/);
  output += terminal.output;
  assertEquals(output, "# " + lines.join(""));
  await using last = terminal;
  await finish(last);
});

Deno.test("a client that never acknowledges gets 512 KiB and no more; nothing is lost", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice, acks: false });
  const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\r\n`).join("");
  machine.shellOf(terminal.session).stream.print(numbers);
  await until(() => terminal.outputBytes >= 512 * 1024);
  assertEquals(terminal.outputBytes, 512 * 1024);
  // From here on it acknowledges: half of what it has, again and again.
  const acking = setInterval(() => terminal.ack(terminal.offset), 5);
  await terminal.see(/200000\r\n$/);
  clearInterval(acking);
  assertEquals(terminal.output === "# " + numbers, true);
  await finish(terminal);
});

Deno.test("a session opened in another place moves there, and the first is told", async () => {
  await using first = await TestTerminal.open(gateway, { cookie: alice });
  await first.run("echo one");
  await using second = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { session: first.session, offset: first.offset },
  });
  assertEquals((await first.event("ended")).reason, "replaced");
  assertEquals((await first.closed).code, 4409);
  assertEquals([second.session, await second.run("echo two")], [first.session, "two"]);
  await finish(second);
});

Deno.test("logging out ends the login on the server and closes its terminals with 4401", async () => {
  const cookie = await gateway.logIn();
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const { session } = terminal;
  const response = await fetch(`${gateway.origin}/logout`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin },
    redirect: "manual",
  });
  assertEquals([response.status, response.headers.get("location")], [303, "/login"]);
  assertEquals((await terminal.closed).code, 4401);
  const refused = await assertRejects(() => TestTerminal.connect(gateway, { cookie }), Refused);
  assertEquals(refused.status, 401);
  // The session itself waits for its user to log in again.
  await using again = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { session, offset: terminal.offset },
  });
  await finish(again);
});

Deno.test("a resize cut short by the network's fragments is still one message", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  for (let cols = 20; cols <= 120; cols++) terminal.send(encodeResize({ cols, rows: 33 }));
  const { session } = terminal;
  await until(() => machine.shellOf(session).size?.cols === 120);
  assertEquals(machine.shellOf(session).size, { cols: 120, rows: 33 });
  await finish(terminal);
});
