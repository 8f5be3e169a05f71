/** A terminal in a real container, from its start to its end. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { encodeInput } from "../../lib/protocol/frame.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

const gateway = await TestGateway.start({
  users: { alice: "wonderland", bob: "builder" },
  env: { TTYGATE_SESSION_MAX_PER_USER: "2" },
});
Deno.test.afterAll(() => gateway[Symbol.asyncDispose]());
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

Deno.test("a container stopped on the server is told from a session ended by an administrator", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: bob });
  await gateway.docker.containers.kill(`ttygate-${terminal.session}`);
  const { reason, message } = await terminal.event("ended");
  assertEquals(reason, "killed");
  assertMatch(message, /stopped on the server, from outside ttygate/);
  await gateway.logged(/session ended .* reason=stopped exitCode=137/);
});

Deno.test("without its image a gateway is alive and not ready", async () => {
  await using own = await TestGateway.start({ env: { TTYGATE_CONTAINER_IMAGE: "no-such:image" } });
  for (const [path, status] of [["healthz", 200], ["readyz", 503]] as const) {
    const response = await fetch(`${own.origin}/${path}`);
    assertEquals(response.status, status);
    assert(!(await response.text()).includes("no-such"), "strangers learn no names");
  }
});
