import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { encodeAck, encodeInput, encodeResize, MESSAGE_BYTES } from "../../lib/protocol/frame.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";

const gateway = await TestGateway.start({
  users: { alice: "wonderland", bob: "builder" },
  env: { TTYGATE_SESSION_MAX_PER_USER: "2" },
});
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");

/** The gateway answers, and a new session works: nothing before hurt it. */
async function assertAlive() {
  const health = await fetch(`${gateway.origin}/healthz`);
  assertEquals([health.status, await health.json()], [200, { status: "ok" }]);
}

/** Ends a terminal's session and waits until its container is gone. */
async function finish(terminal: TestTerminal, status = 0) {
  terminal.type(`exit ${status}\r`);
  const ended = await terminal.event("ended");
  assertEquals(ended.reason, "exit");
  await terminal.closed;
  return ended;
}

Deno.test("a session starts with its stages told, runs commands, and passes the exit status on", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const types = terminal.events.map((event) =>
    event.type === "progress" ? event.stage : event.type
  );
  assertEquals(types, ["create", "start", "ready"]);
  const ready = await terminal.event("ready");
  assertEquals(ready.offset, 0);
  assertEquals(ready.user, "alice");
  assertEquals(ready.idleTimeout, 900);
  assertEquals(ready.limits, { cpus: 0.5, memory: 209715200, pids: 128, disk: 1_073_741_824 });
  for (const stage of Object.values(ready.stages)) assert(Number(stage) > 0);
  assertEquals(await terminal.run("echo $TERM; id -un"), "xterm-256color\nroot");
  const ended = await finish(terminal, 7);
  assertEquals([ended.exitCode, ended.message], [7, "The shell ended with exit status 7."]);
  assertEquals((await terminal.closed).code, 1000);
  assertEquals(await gateway.containers(), []);
});

Deno.test("a session has the size it was asked for before the first prompt, and each one after", async () => {
  await using terminal = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { cols: 132, rows: 43 },
  });
  assertEquals(await terminal.run("stty size"), "43 132");
  terminal.resize(65535, 65535);
  await until(async () => await terminal.run("stty size") === "65535 65535");
  terminal.resize(0, 0);
  assertEquals(await terminal.run("stty size"), "65535 65535");
  await finish(terminal);
});

Deno.test("keys that Docker would swallow reach the shell", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  terminal.type("echo RE''ADY; cat -v\r");
  await terminal.see(/READY\r\n/);
  // One at a time: none may be held back for the next.
  for (
    const [key, echo] of [["\x10", /\^P$/], ["\0", /\^P\^@$/], ["\x1d", /\^P\^@\^\]$/]] as const
  ) {
    terminal.type(key);
    await terminal.see(echo);
  }
  // A program that is only being started may miss an interrupt.
  terminal.type("\r");
  await terminal.see(/(\^P\^@\^\]\r\n){2}$/);
  terminal.type("\x03");
  await terminal.see(/\^C[^#]*# $/);
  await finish(terminal);
});

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
  await terminal.see(/# $/);
  terminal.type("stty -echo; echo RE''ADY; head -c 65535 | tr -d '\\n' | wc -c\r");
  await terminal.see(/READY\r\n/);
  const lines = ("x".repeat(1023) + "\r").repeat(64).slice(0, MESSAGE_BYTES - 2) + "\r";
  terminal.send(encodeInput(new TextEncoder().encode(lines)));
  await terminal.see(/\n65471\r\n/);
  await finish(terminal);
});

Deno.test("a client that comes back gets every byte it missed, once", async () => {
  let terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { session } = terminal;
  await terminal.see(/# $/);
  terminal.type("for i in $(seq 1 3000); do echo line $i; done; echo DO''NE\r");
  let output = "";
  for (let cuts = 0; cuts < 5; cuts++) {
    // Whatever has come by now; nothing, when all came to the connection before.
    await until(() => terminal.output !== "" || output.includes("DONE"));
    terminal.cut();
    await terminal.closed;
    output += terminal.output;
    const asked = terminal.offset;
    const query = { session, offset: asked };
    terminal = await TestTerminal.open(gateway, { cookie: alice, query });
    assertEquals((await terminal.event("ready")).offset, asked);
  }
  await until(() => (output + terminal.output).includes("DONE"));
  output += terminal.output;
  const numbers = [...output.matchAll(/^line (\d+)\r$/gm)].map(([, number]) => Number(number));
  assertEquals(numbers, Array.from({ length: 3000 }, (_, i) => i + 1));
  await using last = terminal;
  await finish(last);
});

Deno.test("a paste of 1 MB whose echo needs more than the credit arrives whole", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  terminal.type("echo RE''ADY; cat > /tmp/pasted\r");
  await terminal.see(/READY\r\n/);
  const line = "0123456789abcdef".repeat(4).slice(1) + "\n";
  const paste = new TextEncoder().encode(line.repeat(16384));
  for (let at = 0; at < paste.length; at += 32768) {
    terminal.send(encodeInput(paste.subarray(at, at + 32768)));
  }
  terminal.type("\x04");
  // The echo of what cat has taken may still be on its way, and cut what is printed next in two.
  await until(() => {
    terminal.type("wc -c < /tmp/pasted\r");
    return /[\r\n]1048576\r\n/.test(terminal.output);
  });
  await finish(terminal);
});

Deno.test("a client that never acknowledges gets 512 KiB and no more; nothing is lost", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice, acks: false });
  await terminal.see(/# $/);
  terminal.type("seq 1 200000; echo DO''NE\r");
  await until(() => terminal.outputBytes >= 512 * 1024);
  assertEquals(terminal.outputBytes, 512 * 1024);
  // From here on it acknowledges: half of what it has, again and again.
  const acking = setInterval(() => terminal.ack(terminal.offset), 5);
  await terminal.see(/DONE/);
  clearInterval(acking);
  const numbers = [...terminal.output.matchAll(/^(\d+)\r$/gm)].map(([, number]) => Number(number));
  assertEquals(numbers.length, 200000);
  assertEquals(numbers.at(-1), 200000);
  await finish(terminal);
});

Deno.test("a session opened in another place moves there, and the first is told", async () => {
  await using first = await TestTerminal.open(gateway, { cookie: alice });
  await first.run("cd /tmp");
  await using second = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { session: first.session, offset: first.offset },
  });
  assertEquals((await first.event("ended")).reason, "replaced");
  assertEquals((await first.closed).code, 4409);
  assertEquals(await second.run("pwd"), "/tmp");
  await finish(second);
});

Deno.test("the session past max_per_user is refused with a sentence and 4429", async () => {
  await using _first = await TestTerminal.open(gateway, { cookie: alice });
  await using second = await TestTerminal.open(gateway, { cookie: alice });
  await using third = await TestTerminal.connect(gateway, { cookie: alice });
  const ended = await third.event("ended");
  assertEquals(ended.reason, "limit");
  assertMatch(ended.message, /already have 2 terminals open/);
  assertEquals((await third.closed).code, 4429);
  await using bobs = await TestTerminal.open(gateway, { cookie: bob });
  await finish(bobs);
  await finish(second);
  await using fourth = await TestTerminal.open(gateway, { cookie: alice });
  await finish(fourth);
  _first.type("exit\r");
  await _first.closed;
});

Deno.test("two users get two containers that cannot see each other", async () => {
  await using a = await TestTerminal.open(gateway, { cookie: alice });
  await using b = await TestTerminal.open(gateway, { cookie: bob });
  const hosts = [await a.run("hostname"), await b.run("hostname")];
  assertNotEquals(hosts[0], hosts[1]);
  await a.run("touch /only-alice; (sleep 1000 &)");
  assertEquals(await b.run("ls /only-alice 2>&1 | grep -c 'No such file'"), "1");
  // The init, the shell, and what runs this: nothing of alice's.
  assertEquals(await b.run("cat /proc/[0-9]*/comm | grep -c sleep"), "0");
  const address = await a.run("hostname -I 2>/dev/null | tr -d ' ' || true") ||
    await a.run(`awk '/32 host/ {print f} {f=$2}' /proc/net/fib_trie | grep -v 127 | head -n 1`);
  assertMatch(address, /^\d+\.\d+\.\d+\.\d+$/);
  a.type(
    `perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(Listen=>9,LocalPort=>7000) or die; print "LIST"."ENING\\n"; $c=$s->accept; print "REACHED"'\r`,
  );
  await a.see(/LISTENING/);
  const tried = await b.run(
    `timeout 2 bash -c 'echo > /dev/tcp/${address}/7000' 2>/dev/null && echo reached || echo blocked`,
  );
  assertEquals(tried, "blocked");
  const before = a.output.length;
  a.type("\x03");
  await a.see(/# $/, before);
  await finish(a);
  await finish(b);
});

Deno.test("a client that is gone before its session is ready leaves no container", async () => {
  const connect = () => TestTerminal.connect(gateway, { cookie: alice });
  for (const terminal of await Promise.all([connect(), connect()])) {
    await terminal.event("progress");
    terminal.cut();
    await terminal.closed;
  }
  const leases = `${gateway.home}/state/instances/${gateway.instance}/leases`;
  await until(() => [...Deno.readDirSync(leases)].length === 0);
  await assertAlive();
  assertEquals(await gateway.containers(), []);
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
  await until(async () => await terminal.run("stty size") === "33 120");
  await finish(terminal);
});

Deno.test("after all this the gateway stops at SIGTERM and leaves no container", async () => {
  await gateway[Symbol.asyncDispose]();
});
