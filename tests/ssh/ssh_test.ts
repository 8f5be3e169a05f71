/** SSH by Debian's own client: who gets in, what they get, and what is left of it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { htpasswdLine, TestGateway, ttygate, until } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import { run } from "../support/run.ts";
import { SSH_ENV, type SshClient, SshHome, sshPort } from "../support/ssh_client.ts";

const users = { alice: "wonderland", bob: "builder", carol: "lewis", dave: "old-sesame" };
const owned = new AsyncDisposableStack();
let machine: Machine, gateway: TestGateway, port: number, home: SshHome;

Deno.test.beforeAll(async () => {
  machine = owned.use(new Machine({ times: { reconnectGraceMs: 600_000 } }));
  gateway = owned.use(await TestGateway.start({ agent: machine, users, env: SSH_ENV }));
  port = await sshPort(gateway);
  home = owned.use(new SshHome());
});

Deno.test.afterAll(() => owned.disposeAsync());

const ALICE = { password: "wonderland" };

async function keysOf(user: string, password: string) {
  return await ask(user, password, "GET", "");
}

async function ask(user: string, password: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.origin}/api/v1/keys${path}`, {
    method,
    headers: {
      authorization: `Basic ${btoa(`${user}:${password}`)}`,
      "content-type": "application/json",
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

/** Adds a key of a home to an account. */
async function add(path: string, name: string, user = "alice", password = "wonderland") {
  const key = await Deno.readTextFile(`${path}.pub`);
  return await ask(user, password, "POST", "", { key, name });
}

Deno.test("by a password one gets a shell of one's own, which ends ssh with its status", async () => {
  await using client = home.open(port, "alice", ["-tt"], ALICE);
  await client.see(/# $/);
  await client.type("echo it is me\r");
  await client.see(/\r\nit is me\r\n# $/);
  const [session, ...others] = machine.registry.list();
  assertEquals([session!.user, session!.remote, others.length], ["alice", "127.0.0.1", 0]);
  await client.type("exit 7\r");
  assertEquals(await client.status(), 7);
  await until(() => machine.registry.list().length === 0);
});

Deno.test("the session of a shell is in its user's list, and in nobody else's", async () => {
  await using first = home.open(port, "alice", ["-tt"], ALICE);
  await using second = home.open(port, "bob", ["-tt"], { password: "builder" });
  await Promise.all([first.see(/# $/), second.see(/# $/)]);
  for (const [user, password] of [["alice", "wonderland"], ["bob", "builder"]] as const) {
    const response = await fetch(`${gateway.origin}/api/v1/sessions`, {
      headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
    });
    const { sessions } = await response.json();
    assertEquals(
      sessions.map((session: { user: string; attached: boolean }) => [
        session.user,
        session.attached,
      ]),
      [[user, true]],
    );
  }
  await first.type("exit\r");
  await second.type("exit 3\r");
  assertEquals([await first.status(), await second.status()], [0, 3]);
});

Deno.test("a connection that is cut leaves no session behind", async () => {
  await using client = home.open(port, "alice", ["-tt"], ALICE);
  await client.see(/# $/);
  const [{ id } = { id: "" }] = machine.registry.list();
  client.cut();
  await until(() => machine.registry.find(id) === undefined);
  await gateway.logged(new RegExp(`session ended by its client of SSH session=${id}`));
});

Deno.test("a session that an administrator ends is told with its reason, and 255", async () => {
  await using client = home.open(port, "alice", ["-tt"], ALICE);
  await client.see(/# $/);
  const [{ id } = { id: "" }] = machine.registry.list();
  assertEquals((await ttygate(["session", "kill", id], { env: gateway.env })).code, 0);
  assertEquals(await client.status(), 255);
  assertMatch(client.errors, /An administrator ended it\.\r\n/);
});

for (const type of [["ed25519"], ["ecdsa"], ["rsa", "-b", "2048"]]) {
  Deno.test(`by a key of type ${type[0]} that was added one gets in, until it is removed`, async () => {
    const key = await home.makeKey(`id_${type[0]}`, "-t", ...type);
    await using before = home.open(port, "alice", ["-tt"], { key });
    assertEquals(await before.status(), 255);
    assertMatch(before.errors, /Permission denied \(publickey,password\)/);
    const { status, body: { id } } = await add(key, type[0]!);
    assertEquals(status, 201);
    await using client = home.open(port, "alice", ["-tt"], { key });
    await client.see(/# $/);
    const listed = (await keysOf("alice", "wonderland")).body.keys
      .find((key: { id: string }) => key.id === id);
    assert(listed.lastUsed >= listed.created);
    // It is alice's, and nobody else's.
    await using stranger = home.open(port, "bob", ["-tt"], { key });
    assertEquals(await stranger.status(), 255);
    assertEquals((await ask("bob", "builder", "DELETE", `/${id}`)).status, 404);
    // What goes on by it ends with it.
    assertEquals((await ask("alice", "wonderland", "DELETE", `/${id}`)).status, 204);
    assertEquals(await client.status(), 255);
    assertMatch(client.errors, /Your log-in has ended/);
    await using after = home.open(port, "alice", ["-tt"], { key });
    assertEquals(await after.status(), 255);
    for (const { id } of machine.registry.list()) {
      await ttygate(["session", "kill", id], { env: gateway.env });
    }
  });
}

Deno.test("keys are added once, under a name of their own, and never by a token", async () => {
  const key = await home.makeKey("id_once", "-t", "ed25519");
  const text = await Deno.readTextFile(`${key}.pub`);
  const { body: made } = await ask("bob", "builder", "POST", "", { key: text });
  assertEquals([made.name, made.type, made.lastUsed], ["alice@id_once", "ssh-ed25519", null]);
  assertMatch(made.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
  const again = await ask("bob", "builder", "POST", "", { key: text, name: "other" });
  assertEquals(again.status, 409);
  assertMatch(again.body.detail, /You have this key already, as alice@id_once/);
  const isPrivate = await ask("bob", "builder", "POST", "", { key: await Deno.readTextFile(key) });
  assertEquals(isPrivate.status, 400);
  assertMatch(isPrivate.body.detail, /That is a private key/);
  const small = await home.makeKey("id_small", "-t", "rsa", "-b", "1024");
  const { status, body } = await add(small, "small", "bob", "builder");
  assertEquals(status, 400);
  assertMatch(body.detail, /has 2048 to 8192 bits here, this one has 1024/);
  const cookie = await gateway.logIn("bob", "builder");
  const token = await fetch(`${gateway.origin}/api/v1/tokens`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    body: JSON.stringify({ name: "all", scopes: ["read", "shell", "machines", "admin"] }),
  });
  const authorization = `Bearer ${(await token.json()).token}`;
  const json = { authorization, "content-type": "application/json" };
  for (const [method, path] of [["GET", ""], ["POST", ""], ["DELETE", `/${made.id}`]] as const) {
    const options = { method, headers: json, ...(method === "POST" && { body: "{}" }) };
    const response = await fetch(`${gateway.origin}/api/v1/keys${path}`, options);
    assertEquals(response.status, 403);
    assertMatch((await response.json()).detail, /A token cannot see, add or remove keys/);
  }
});

Deno.test("'ttygate key' adds a key by the password, lists it and removes it", async () => {
  const key = await home.makeKey("id_client", "-t", "ed25519");
  const env = { XDG_CONFIG_HOME: home.dir, HOME: home.dir };
  const cookie = await gateway.logIn();
  const token = await fetch(`${gateway.origin}/api/v1/tokens`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    body: JSON.stringify({ name: "client", scopes: ["read"] }),
  });
  const stdin = `${(await token.json()).token}\n`;
  await ttygate(["login", gateway.origin, "--token-stdin"], { env, stdin });
  const own = (...args: string[]) => ttygate(["key", ...args], { env, stdin: "wonderland\n" });
  const added = await own("add", `${key}.pub`, "--name", "my laptop");
  assertEquals([added.code, added.stderr], [0, ""]);
  assertMatch(added.stdout, /^added my laptop SHA256:/);
  const keys = JSON.parse((await own("list", "--json")).stdout);
  const listed = keys.find((one: { name: string }) => one.name === "my laptop");
  assertEquals([listed.type, listed.lastUsed], ["ssh-ed25519", null]);
  assertMatch((await own("list")).stdout, /my laptop +SHA256:\S+ +\d{4}-\d\d-\d\d +never/);
  await using client = home.open(port, "alice", ["-tt"], { key });
  await client.see(/# $/);
  await client.type("exit\r");
  assertEquals(await client.status(), 0);
  assertEquals((await own("remove", listed.id)).stdout, `removed ${listed.id}\n`);
  assertEquals(JSON.parse((await own("list", "--json")).stdout).length, keys.length - 1);
  const missing = await own("add", join(home.dir, "none.pub"));
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /cannot read the key in/);
});

Deno.test("too many wrong passwords lock the name, for the page as well, and no key", async () => {
  const key = await home.makeKey("id_carol", "-t", "ed25519");
  assertEquals((await add(key, "own", "carol", "lewis")).status, 201);
  for (let i = 0; i < 5; i++) {
    await using client = home.open(port, "carol", ["-tt"], { password: "wrong" });
    // sshpass(1) has a status of its own for a wrong password.
    assertEquals(await client.status(), 255);
    assertMatch(client.errors, /Permission denied/);
  }
  await gateway.logged(/too many failed log-ins: that name from that address .*user=carol/);
  await using locked = home.open(port, "carol", ["-tt"], { password: "lewis" });
  assertEquals(await locked.status(), 255);
  assertEquals((await gateway.postLogin({ username: "carol", password: "lewis" })).status, 429);
  await using by = home.open(port, "carol", ["-tt"], { key });
  await by.see(/# $/);
  await by.type("exit\r");
  assertEquals(await by.status(), 0);
});

Deno.test("a machine that is not there and a long command are refused in a sentence", async () => {
  const cases = [
    ["alice+box", ["-tt"], "You have no machine box."],
    ["alice+box", ["date"], "You have no machine box."],
    ["alice", ["-tt", `echo ${"x".repeat(5000)}`], "A command may have 4096 bytes."],
  ] as const;
  for (const [user, args, sentence] of cases) {
    await using client = home.open(port, user, args, ALICE);
    assertEquals([await client.status(), client.output], [255, ""]);
    assert(client.errors.includes(`${sentence}\r\n`), client.errors);
  }
  await using wrong = home.open(port, "alice+box", ["-tt"], { password: "wrong" });
  assertEquals(await wrong.status(), 255);
  assert(!wrong.errors.includes("no machine"));
});

Deno.test("nothing is forwarded: neither ports in either direction, nor an agent, nor X11", async () => {
  await using remote = home.open(
    port,
    "alice",
    ["-tt", "-R0:127.0.0.1:1", "-oExitOnForwardFailure=yes"],
    ALICE,
  );
  assertEquals(await remote.status(), 255);
  assertMatch(remote.errors, /remote port forwarding failed/);
  await using local = home.open(port, "alice", ["-W127.0.0.1:22"], ALICE);
  assertEquals(await local.status(), 255);
  assertMatch(local.errors, /administratively prohibited/);
  await using other = home.open(port, "alice", ["-s", "netconf"], ALICE);
  assertEquals(await other.status(), 255);
  assertMatch(other.errors, /subsystem request failed/);
  await using client = home.open(port, "alice", ["-tt", "-A", "-X"], ALICE);
  await client.see(/# $/);
  await client.type("exit\r");
  assertEquals(await client.status(), 0);
});

Deno.test("who has as many sessions as they may is told so", async () => {
  await using tight = new Machine({ maxPerUser: 1 });
  await using gateway = await TestGateway.start({
    agent: tight,
    env: { ...SSH_ENV, TTYGATE_SESSION_MAX_PER_USER: "1" },
  });
  await using home = new SshHome();
  const port = await sshPort(gateway);
  await using first = home.open(port, "alice", ["-tt"], ALICE);
  await first.see(/# $/);
  await using second = home.open(port, "alice", ["-tt"], ALICE);
  assertEquals(await second.status(), 255);
  assertMatch(second.errors, /You already have 1 terminal open/);
  await first.type("exit\r");
  assertEquals(await first.status(), 0);
});

Deno.test("who came by an old password gets no more on the connection that was open", async () => {
  await using client = home.open(
    port,
    "dave",
    ["-tt", `-MS${home.dir}/mux`, "-oControlPersist=20"],
    {
      password: "old-sesame",
    },
  );
  await client.see(/# $/);
  const response = await fetch(`${gateway.origin}/api/v1/me/password`, {
    method: "PUT",
    headers: {
      authorization: `Basic ${btoa("dave:old-sesame")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ current: "old-sesame", new: "lantern-oak-river" }),
  });
  assertEquals(response.status, 204, await response.text());
  await until(() => /Your log-in has ended/.test(client.errors));
  // Its connection is kept for others (ControlPersist), who would need no password.
  await using later = home.open(port, "dave", ["-tt", `-S${home.dir}/mux`], { password: "no" });
  await until(() => /Permission denied|# $/.test(later.errors + later.output));
  assertEquals(later.output, "");
  const [{ id } = { id: "" }] = machine.registry.list();
  await ttygate(["session", "kill", id], { env: gateway.env });
});

Deno.test("an account that is locked loses its session, and gets in by neither password nor key", async () => {
  await using machine = new Machine();
  await using gateway = await TestGateway.start({ agent: machine, env: SSH_ENV });
  await using home = new SshHome();
  const port = await sshPort(gateway);
  const key = await home.makeKey("id", "-t", "ed25519");
  const added = await fetch(`${gateway.origin}/api/v1/keys`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa("alice:wonderland")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ key: await Deno.readTextFile(`${key}.pub`) }),
  });
  assertEquals(added.status, 201);
  await added.body?.cancel();
  await using client = home.open(port, "alice", ["-tt"], { key });
  await client.see(/# $/);
  const line = await htpasswdLine("alice", "wonderland");
  await Deno.writeTextFile(join(gateway.home, "htpasswd"), line.replace(":", ":!"));
  assertEquals(await client.status(), 255);
  assertMatch(client.errors, /Your account was locked by an administrator/);
  for (const how of [{ key }, ALICE]) {
    await using again = home.open(port, "alice", ["-tt"], how);
    assertEquals(await again.status(), 255);
    assertMatch(again.errors, /Permission denied/);
  }
});

Deno.test("the host key is made once, for its owner only, and stays over a restart", async () => {
  await using machine = new Machine();
  await using home = new SshHome();
  const dir = join(home.dir, "gateway");
  await Deno.mkdir(dir);
  const known: string[] = [];
  for (let i = 0; i < 2; i++) {
    await using gateway = await TestGateway.start({ agent: machine, env: SSH_ENV, home: dir });
    await using client = home.open(await sshPort(gateway), "alice", ["-tt"], ALICE);
    await client.see(/# $/);
    await client.type("exit\r");
    assertEquals(await client.status(), 0);
    const [, fingerprint] = await gateway.logged(/hostKey=(SHA256:\S+)/);
    known.push(fingerprint!);
    const { mode } = await Deno.stat(join(dir, "state", "ssh_host_ed25519_key"));
    assertEquals(mode! & 0o777, 0o600);
  }
  assertEquals(known[0], known[1]);
});

/** A connection that says something, or nothing. */
async function raw(
  port: number,
  says?: Uint8Array | string,
): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}).resume();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  if (says !== undefined) socket.write(says);
  return { socket, closed };
}

Deno.test("garbage on the port, before and after a greeting, harms nobody", async () => {
  await using client = home.open(port, "alice", ["-tt"], ALICE);
  await client.see(/# $/);
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const greeted = (bytes: Uint8Array) =>
    Uint8Array.from([...new TextEncoder().encode("SSH-2.0-noise\r\n"), ...bytes]);
  const packet = Uint8Array.from([0, 0, 0, 12, 4, 20, ...new Array(16).fill(1)]);
  const huge = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 4, 20]);
  const sayings = [noise, "GET / HTTP/1.1\r\n\r\n", greeted(noise), greeted(packet), greeted(huge)];
  for (const says of sayings) {
    const { closed } = await raw(port, says);
    await closed;
  }
  await client.type("echo still here\r");
  await client.see(/\r\nstill here\r\n/);
  await client.type("exit\r");
  assertEquals(await client.status(), 0);
});

Deno.test("of strangers that say nothing there are few at a time, and people get in all the same", async () => {
  const sockets = await Promise.all(Array.from({ length: 150 }, () => raw(port)));
  const open = () =>
    sockets.filter(({ socket }) => !socket.destroyed && socket.readyState === "open");
  await until(() => open().length <= 64);
  // From an address of its own, as others have it.
  await using client = home.open(port, "alice", ["-tt", "-b127.0.0.9"], ALICE);
  await client.see(/# $/);
  await client.type("exit\r");
  assertEquals(await client.status(), 0);
  for (const { socket } of sockets) socket.destroy();
});

Deno.test("who sends without end before logging in is cut", async () => {
  const { socket, closed } = await raw(port, "SSH-2.0-flood\r\n");
  // Packets to be ignored (RFC 4253, section 11.2), as they are before any key is agreed on.
  const packet = new Uint8Array(1024);
  new DataView(packet.buffer).setUint32(0, 1020);
  packet[4] = 4;
  packet[5] = 2;
  new DataView(packet.buffer).setUint32(6, 1020 - 1 - 1 - 4 - 4);
  for (let i = 0; i < 1000 && !socket.destroyed; i++) {
    if (!socket.write(packet)) {
      await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
    }
  }
  await closed;
});

Deno.test("what an administrator tells everybody is shown on a line of its own", async () => {
  await using client = home.open(port, "alice", ["-tt"], ALICE);
  await client.see(/# $/);
  const told = await ttygate(["broadcast", "lunch is ready"], { env: gateway.env });
  assertEquals(told.code, 0);
  await until(() => client.errors.includes("\r\n[lunch is ready]\r\n"));
  await client.type("exit\r");
  assertEquals(await client.status(), 0);
});

/** How many bytes ssh(1) has written so far, proc_pid_io(5). */
async function sent(client: SshClient): Promise<number> {
  const { stdout } = await run("pgrep", ["-P", String(client.pid), "-x", "sshpass"]);
  const { stdout: ssh } = await run("pgrep", ["-P", stdout.trim(), "-x", "ssh"]);
  const io = await Deno.readTextFile(`/proc/${ssh.trim()}/io`);
  return Number(/^wchar: (\d+)/m.exec(io)![1]);
}

Deno.test("who types megabytes at a program that reads nothing, and hangs up, harms nobody", async () => {
  for (let i = 0; i < 3; i++) {
    await using client = home.open(port, "alice", ["-tt"], ALICE);
    await client.see(/# $/);
    const [{ id } = { id: "" }] = machine.registry.list();
    machine.shellOf(id).stream.takesBytes = 0;
    const typed = client.type("x".repeat(6_000_000)).catch(() => {}); // it hangs up under way
    // Until the pipe to ssh(1), its own window and the gateway have taken what they take.
    let before = -1;
    await until(async () => {
      const now = await sent(client);
      const isStill = now === before && now > 2_000_000;
      before = now;
      return isStill;
    });
    client.cut();
    await typed;
    await until(() => machine.registry.find(id) === undefined);
  }
  await using after = home.open(port, "alice", ["-tt"], ALICE);
  await after.see(/# $/);
  await after.type("exit\r");
  assertEquals(await after.status(), 0);
});
