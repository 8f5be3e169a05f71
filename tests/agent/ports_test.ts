/** Ports of machines in Docker: by Debian's ssh -L, and by ttygate forward. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { htpasswdLine, PROGRAM, TestGateway, ttygate, until } from "../support/gateway.ts";
import { SSH_ENV, SshHome, sshPort } from "../support/ssh_client.ts";

const users = { alice: "wonderland", bob: "builder", carol: "lewis" };
const PLENTY = 20_000_000;
/** Echoes, tells how much that was once it has ended, and then ends; on 9001 it is the least HTTP. */
const SERVER = `use IO::Socket::INET; use IO::Select; $SIG{CHLD} = 'IGNORE';
my @all = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 50,
  ReuseAddr => 1) or die } 9000, 9001;
syswrite STDOUT, 'ready';
my $wait = IO::Select->new(@all);
while (my @ready = $wait->can_read) { for my $listener (@ready) {
  my $one = $listener->accept;
  if (fork) { close $one; next }
  my $say = sub { my $text = shift; while ($text ne '') {
    my $count = syswrite($one, $text) or exit; substr($text, 0, $count) = '' } };
  if ($listener->sockport == 9001) {
    while ((my $line = <$one>) !~ /^\\r\\n/) {}
    $say->("HTTP/1.0 200 OK\\r\\n\\r\\nhello from the machine\\n"); exit;
  }
  my $bytes = 0;
  while (my $count = sysread $one, my $text, 65536) { $bytes += $count; $say->($text) }
  $say->("<$bytes>"); exit;
} }`;

const owned = new AsyncDisposableStack();
let gateway: TestGateway, port: number, home: SshHome;
const headers = {
  authorization: `Basic ${btoa("alice:wonderland")}`,
  "content-type": "application/json",
};

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ users, env: SSH_ENV }));
  port = await sshPort(gateway);
  home = owned.use(new SshHome());
  const machines = `${gateway.origin}/api/v1/machines`;
  const made = await fetch(`${machines}/box`, { method: "PUT", headers, body: "{}" });
  const { id } = await made.json();
  await (await fetch(`${machines}/box?until=running&wait=30`, { headers })).body?.cancel();
  await serveIn(id);
  const order = { name: "forward", scopes: ["read", "shell", "machines"] };
  const { token } = await (await fetch(`${gateway.origin}/api/v1/tokens`, {
    ...{ method: "POST", headers, body: JSON.stringify(order) },
  })).json();
  const login = ["login", gateway.origin, "--token-stdin"];
  const { code } = await ttygate(login, { env: env(), stdin: `${token}\n` });
  assertEquals(code, 0);
});

Deno.test.afterAll(() => owned.disposeAsync());

const env = () => ({ XDG_CONFIG_HOME: home.dir, HOME: home.dir });

/** Has the server run in a machine, until the end. */
async function serveIn(id: string): Promise<void> {
  const command = ["perl", "-e", SERVER];
  const server = await gateway.docker.containers.run(`ttygate-machine-${id}`, command);
  owned.defer(() => server[Symbol.asyncDispose]());
  await server.read(); // it listens
}

/** A free port of this computer. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function dial(port: number): Promise<Deno.TcpConn> {
  let connection: Deno.TcpConn | null = null;
  await until(async () => {
    connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
    return connection !== null;
  });
  return connection!;
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** All that comes until the other side ends. */
async function readAll(connection: Deno.TcpConn): Promise<{ bytes: number; tail: string }> {
  let [bytes, tail] = [0, ""];
  const buffer = new Uint8Array(65_536);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    bytes += count;
    tail = (tail + new TextDecoder("latin1").decode(buffer.subarray(0, count))).slice(-64);
  }
  return { bytes, tail };
}

/** Sends so much, ends, and reads all that comes meanwhile and then. */
async function exchange(port: number, bytes: number): Promise<{ bytes: number; tail: string }> {
  using connection = await dial(port);
  const all = readAll(connection);
  await write(connection, new Uint8Array(bytes).fill(46));
  await connection.closeWrite();
  return await all;
}

/** `ttygate forward`, with the lines that it has said. */
class Forward implements AsyncDisposable {
  said = "";
  errors = "";
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;

  constructor(...args: string[]) {
    this.#child = new Deno.Command(PROGRAM, {
      args: ["forward", ...args],
      env: env(),
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    const read = async (from: ReadableStream<Uint8Array>, take: (text: string) => void) => {
      for await (const bytes of from) take(new TextDecoder().decode(bytes));
    };
    this.#read = Promise.all([
      read(this.#child.stdout, (text) => this.said += text),
      read(this.#child.stderr, (text) => this.errors += text),
    ]);
  }

  async see(pattern: RegExp, from: "said" | "errors" = "said"): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    await until(() => (match = pattern.exec(this[from])) !== null).catch((cause) => {
      throw new Error(`never saw ${pattern}:\n${this.said}\n${this.errors}`, { cause });
    });
    return match!;
  }

  async end(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    const [{ code }] = await Promise.all([this.#child.status, this.#read]);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.end("SIGKILL");
    } catch {
      // it has ended
    }
  }
}

Deno.test("ssh -L leads to a port of the machine and to nothing else", async () => {
  const [here, http, none, away] = [freePort(), freePort(), freePort(), freePort()];
  const to = [`${here}:localhost:9000`, `${http}:box:9001`, `${none}:127.0.0.1:9009`];
  const forwards = [...to, `${away}:example.org:80`].map((spec) => `-L127.0.0.1:${spec}`);
  await using client = home.open(port, "alice+box", ["-N", ...forwards], {
    password: "wonderland",
  });
  (await dial(http)).close();
  const answer = await fetch(`http://127.0.0.1:${http}/`);
  assertEquals(await answer.text(), "hello from the machine\n");
  assertEquals(await exchange(here, 300_000), {
    bytes: 300_008,
    tail: `${".".repeat(56)}<300000>`,
  });
  for (const port of [none, away]) {
    using connection = await dial(port);
    assertEquals((await readAll(connection)).bytes, 0);
  }
  await until(() => client.errors.includes("Only ports of box itself"));
  assertMatch(client.errors, /connect failed: Nothing listens on port 9009 of box\./);
  assertMatch(client.errors, /administratively prohibited: Only ports of box itself/);

  const own = freePort();
  await using plain = home.open(port, "alice", ["-N", `-L127.0.0.1:${own}:localhost:9000`], {
    password: "wonderland",
  });
  using connection = await dial(own);
  assertEquals((await readAll(connection)).bytes, 0);
  await until(() => plain.errors.includes("log in as USER+MACHINE"));
});

Deno.test("ttygate forward carries much both ways, many at once, and tells what is not there", async () => {
  await using forward = new Forward("box", "0:9000", "0:9009");
  const [, echo, none] = await forward.see(/:(\d+) leads to port 9000 of box\n.*:(\d+) leads/);
  const much = await exchange(Number(echo), PLENTY);
  assertEquals(much.bytes, PLENTY + `<${PLENTY}>`.length);
  assert(much.tail.endsWith(`<${PLENTY}>`));

  {
    using connection = await dial(Number(none));
    assertEquals((await readAll(connection)).bytes, 0);
    await forward.see(/127\.0\.0\.1:\d+: Nothing listens on port 9009 of box\.\n/, "errors");
  }
  const some = await Promise.all(Array.from({ length: 20 }, () => exchange(Number(echo), 50_000)));
  for (const { bytes } of some) assertEquals(bytes, 50_007);
  assertEquals(await forward.end("SIGINT"), 130);
});

Deno.test("a port is for who may have it, and for as long as they may", async () => {
  const base = `${gateway.origin}/api/v1/machines`;
  const plain = await fetch(`${base}/box/ports/9000`, { headers });
  assertEquals([plain.status, (await plain.json()).type], [426, "urn:ttygate:upgrade"]);
  const open = (user: string, path: string, more = {}) => {
    const authorization = `Basic ${btoa(user)}`;
    const options = { protocols: ["ttygate.port.v1"], headers: { authorization, ...more } };
    const socket = new WebSocketStream(`${base.replace("http", "ws")}/${path}`, options);
    for (const promise of [socket.opened, socket.closed]) promise.catch(() => {});
    return socket;
  };
  const closeOf = async (socket: WebSocketStream) => {
    await socket.opened;
    const { closeCode, reason } = await socket.closed as unknown as Record<string, unknown>;
    return [closeCode, reason];
  };
  assertEquals(await closeOf(open("bob:builder", "box/ports/9000")), [
    ...[4404, "You have no machine box."],
  ]);
  assertEquals(await closeOf(open("alice:wonderland", "box/ports/9009")), [
    ...[4502, "Nothing listens on port 9009 of box."],
  ]);
  for (
    const refused of [
      open("alice:wrong", "box/ports/9000"),
      open("alice:wonderland", "box/ports/9000", { origin: "https://elsewhere.example" }),
      open("alice:wonderland", "box/ports/70000"),
    ]
  ) await assertRejects(() => refused.opened);

  // Another password ends what goes on by the one before, in whatever way it came.
  const own = freePort();
  await using client = home.open(port, "carol+her", [
    ...["-N", `-L127.0.0.1:${own}:localhost:9000`],
  ], { password: "lewis" });
  const carol = { ...headers, authorization: `Basic ${btoa("carol:lewis")}` };
  await (await fetch(`${base}/her`, { method: "PUT", headers: carol, body: "{}" })).body?.cancel();
  const her = await fetch(`${base}/her?until=running&wait=30`, { headers: carol });
  await serveIn((await her.json()).id);
  using tunnelled = await dial(own);
  await write(tunnelled, new Uint8Array(3));
  assertEquals(await tunnelled.read(new Uint8Array(9)), 3);
  let socket: WebSocketStream;
  await until(async () => {
    socket = open("carol:lewis", "her/ports/9000");
    const { writable, readable } = await socket.opened;
    await writable.getWriter().write(new Uint8Array(3)).catch(() => {});
    return (await readable.getReader().read()).value?.length === 3;
  });
  const changed = await htpasswdLine("carol", "changed");
  const path = `${gateway.home}/htpasswd`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace(/^carol:.*\n/m, changed));
  const { closeCode } = await socket!.closed as unknown as Record<string, unknown>;
  assertEquals(closeCode, 4401);
  await readAll(tunnelled).catch(() => {});
  assertEquals(await client.status(), 255);
});

Deno.test("a machine that stops ends its connections, and is started by none", async () => {
  const machine = `${gateway.origin}/api/v1/machines/box`;
  await using forward = new Forward("box", "0:9000", "--json");
  const [, here] = await forward.see(
    /^\{"listen":"127\.0\.0\.1:(\d+)","machine":"box","port":9000\}/,
  );
  using connection = await dial(Number(here));
  await write(connection, new Uint8Array(3));
  assertEquals(await connection.read(new Uint8Array(9)), 3);
  await (await fetch(`${machine}/stop`, { method: "POST", headers })).body?.cancel();
  await readAll(connection).catch(() => {});
  await forward.see(/The connection broke off/, "errors");
  await (await fetch(`${machine}?until=stopped&wait=30`, { headers })).body?.cancel();
  using late = await dial(Number(here));
  assertEquals((await readAll(late)).bytes, 0);
  await forward.see(/The machine box does not run: start it first\.\n/, "errors");
  assertEquals(await forward.end("SIGTERM"), 0);
  const { code, stderr } = await ttygate(["forward", "box", "8000"], { env: env() });
  assertEquals([code, stderr], [1, "ttygate: box is stopped; 'ttygate start box' starts it\n"]);
  assertEquals((await (await fetch(machine, { headers })).json()).state, "stopped");
  for (const wrong of ["x", "70000", "80:0", ":80"]) {
    assertEquals((await ttygate(["forward", "box", wrong], { env: env() })).code, 2, wrong);
  }
});
