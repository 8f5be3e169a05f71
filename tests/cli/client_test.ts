/** The client's commands in a real terminal (script(1)), against a gateway over a network that breaks. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { PROGRAM, TestGateway, ttygate, until } from "../support/gateway.ts";
import { Relay } from "../support/relay.ts";
import { Machine } from "../support/scripted_agent.ts";

const owned = new AsyncDisposableStack();
let machine: Machine, gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  machine = owned.use(new Machine({ times: { reconnectGraceMs: 20_000 } }));
  gateway = owned.use(await TestGateway.start({ agent: machine }));
  cookie = await gateway.logIn();
});

Deno.test.afterAll(() => owned.disposeAsync());

/** Somebody's home, in which they are logged in or not. */
class Home implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "ttygate-test-" });
  readonly env = { XDG_CONFIG_HOME: this.dir, HOME: this.dir };

  get path(): string {
    return join(this.dir, "ttygate", "login.json");
  }

  run(...args: string[]) {
    return ttygate(args, { env: this.env });
  }

  /** With a token for everything that the client does. */
  async logIn(url = gateway.origin): Promise<void> {
    const token = await makeToken("read", "shell", "machines");
    const login = ["login", url, "--token-stdin"];
    const { code, stdout, stderr } = await ttygate(login, { env: this.env, stdin: `${token}\n` });
    assertEquals([code, stdout, stderr], [0, `logged in to ${url} as alice\n`, ""]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

let count = 0;

async function makeToken(...scopes: string[]): Promise<string> {
  const response = await fetch(`${gateway.origin}/api/v1/tokens`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    body: JSON.stringify({ name: `test ${++count}`, scopes }),
  });
  assertEquals(response.status, 201);
  return (await response.json()).token;
}

/** A command in a terminal of its own. */
class Tty implements AsyncDisposable {
  output = "";
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #changed = Promise.withResolvers<void>();
  readonly #reading: Promise<void>;

  constructor(home: Home, command: string) {
    this.#child = new Deno.Command("script", {
      args: ["-qefc", `stty rows 30 cols 100; ${command}; echo "status $?"; stty -a`, "/dev/null"],
      env: { ...home.env, SHELL: "/bin/sh", TERM: "xterm-256color" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async type(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async see(pattern: RegExp): Promise<void> {
    const late = AbortSignal.timeout(20_000);
    while (!pattern.test(this.output)) {
      if (late.aborted) throw new Error(`no ${pattern} in ${JSON.stringify(this.output)}`);
      await Promise.race([
        this.#changed.promise,
        new Promise((resolve) => late.addEventListener("abort", resolve, { once: true })),
      ]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    try {
      this.#child.kill(); // where a test failed before its end
    } catch {
      // it has ended
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.output += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}

Deno.test("a login is kept for its owner alone, told, used and forgotten", async () => {
  await using home = new Home();
  const before = await home.run("whoami");
  assertEquals([before.code, before.stdout], [1, ""]);
  assertMatch(before.stderr, /you are not logged in; run 'ttygate login URL'/);
  await home.logIn();
  assertEquals((await Deno.stat(home.path)).mode! & 0o777, 0o600);
  const { stdout } = await home.run("whoami");
  assertEquals(stdout, `alice on ${gateway.origin}, for read, shell, machines\n`);
  const listed = await home.run("list", "--json");
  assertEquals([listed.code, listed.stdout], [0, "[]\n"]);
  assertEquals((await home.run("logout")).stdout, `logged out of ${gateway.origin}\n`);
  assertEquals((await home.run("list")).code, 1);
});

Deno.test("a login by password makes a token, which the log-out revokes", async () => {
  await using home = new Home();
  await using tty = new Tty(home, `${PROGRAM} login ${gateway.origin}`);
  await tty.see(/User name:/);
  await tty.type("alice\n");
  await tty.see(/Password:/);
  await tty.type("wonderland\n");
  await tty.see(/logged in to .* as alice; [^]*status 0/);
  assert(!tty.output.includes("wonderland"));
  const { token, tokenId } = JSON.parse(await Deno.readTextFile(home.path));
  assert(!JSON.stringify(await Deno.readTextFile(home.path)).includes("wonderland"));
  const ask = () =>
    fetch(`${gateway.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  assertEquals((await (await ask()).json()).scopes, ["read", "shell", "machines"]);
  assertEquals(typeof tokenId, "string");
  assertEquals((await home.run("logout")).code, 0);
  const after = await ask();
  await after.body?.cancel();
  assertEquals(after.status, 401);
});

Deno.test("a shell has the terminal's size and keys, and ends with its exit status", async () => {
  await using home = new Home();
  await home.logIn();
  await using tty = new Tty(home, `${PROGRAM} shell`);
  await tty.see(/# $/);
  const shell = machine.shell;
  assertEquals(shell.size, { cols: 100, rows: 30 });
  await tty.type("echo typed there\r");
  await tty.see(/\r\ntyped there\r\n# $/);
  await tty.type("\x03\x04\t");
  await until(() => shell.stream.written.join("").endsWith("\x03\x04\t"));
  await tty.type("\rexit 42\r");
  await tty.see(/status 42[^]*[^-]echo [^]*icanon|status 42[^]*isig icanon/);
  assert(!/-icanon|-echo /.test(tty.output.slice(tty.output.indexOf("status"))));
});

Deno.test("a shell comes back after a cut, and neither output nor keys are lost", async () => {
  await using relay = new Relay(gateway.host);
  await using home = new Home();
  await home.logIn(relay.origin);
  await using tty = new Tty(home, `${PROGRAM} shell`);
  await tty.see(/# $/);
  const { stream } = machine.shell;
  relay.cut();
  await tty.type("echo typed in the gap\r");
  stream.print("printed in the gap ");
  await tty.see(/connection lost; coming back[^]*back again/);
  await tty.see(/\r\ntyped in the gap\r\n/);
  assertEquals(tty.output.split("printed in the gap").length, 2);
  assertEquals(stream.written.join(""), "echo typed in the gap\r");
  await tty.type("exit\r");
  await tty.see(/status 0/);
});

Deno.test("~. leaves the shell where it is, with the terminal here as before, and --session comes back", async () => {
  await using home = new Home();
  await home.logIn();
  await using tty = new Tty(home, `${PROGRAM} shell`);
  await tty.see(/# $/);
  machine.shell.stream.print("\x1b[?1049h\x1b[?1002hfull screen");
  await tty.see(/full screen/);
  await tty.type("\r~?");
  await tty.see(/~\. leaves, ~\? lists these/);
  await tty.type("\r~.");
  await tty.see(/status 0[^]*icanon/);
  assertMatch(
    tty.output,
    /\[\?1049l[^]*\[\?25h[^]*\[\?1002l[^]*left; while it lasts, 'ttygate shell --session /,
  );
  const [{ id }] = JSON.parse((await home.run("list", "--json")).stdout);
  const table = (await home.run("list")).stdout;
  assertMatch(table, new RegExp(`^ID +IMAGE +AGE +QUIET +ABOUT\n${id} `));
  await using back = new Tty(home, `${PROGRAM} shell --session ${id}`);
  await back.see(/full screen/);
  await back.type("\rexit 7\r");
  await back.see(/status 7/);
});

Deno.test("what cannot be is told in one line that mends", async () => {
  await using home = new Home();
  await home.logIn();
  const piped = await home.run("shell");
  assertEquals(piped.code, 2);
  assertMatch(piped.stderr, /'shell' needs a terminal/);
  const login = (url: string) =>
    ttygate(["login", url, "--token-stdin"], { env: home.env, stdin: "x\n" });
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const cases: [string, number, RegExp][] = [
    [`http://127.0.0.1:${closed.addr.port}`, 255, /does not answer: nothing listens there/],
    [gateway.origin.replace("http", "https"), 255, /speaks no HTTPS/],
    ["http://a b", 1, /is no address of a gateway/],
    [`${gateway.origin}/elsewhere`, 255, /no gateway of ttygate/],
    [gateway.origin, 1, /This token stands for nothing.* Run 'ttygate login http/],
  ];
  for (const [url, status, mend] of cases) {
    const { code, stderr } = await login(url);
    assertEquals([url, code, stderr.trim().split("\n").length], [url, status, 1]);
    assertMatch(stderr, mend);
  }
  // The login from before is still there.
  assertEquals((await home.run("whoami")).code, 0);
  await using gone = new Tty(home, `${PROGRAM} shell --session nosuch`);
  await gone.see(/this session is gone[^]*status 255/);
  await using none = new Tty(home, `${PROGRAM} shell nosuch`);
  await none.see(/ttygate: You have no machine nosuch\.[^]*status 255/);
  await using image = new Tty(home, `${PROGRAM} shell --image nosuch`);
  await image.see(/There is no image nosuch here[^]*status 255/);
  await Deno.remove(home.path);
  const left = await home.run("list");
  assertEquals(left.stderr, "ttygate: you are not logged in; run 'ttygate login URL'\n");
});

Deno.test("tokens for programs are made, listed and revoked by password", async () => {
  await using home = new Home();
  await home.logIn();
  const run = (...args: string[]) =>
    ttygate(["token", ...args], { env: home.env, stdin: "wonderland\n" });
  const made = await run("create", "backup", "--scopes", "read", "--days", "30");
  assertEquals([made.code, made.stderr], [0, ""]);
  assertMatch(made.stdout, /^ttygate_[\w-]{65}\n$/);
  assertMatch((await run("list")).stdout, /backup +read +\d{4}-\d\d-\d\d +never/);
  const { id } = JSON.parse((await run("list", "--json")).stdout)
    .find(({ name }: { name: string }) => name === "backup");
  assertEquals((await run("revoke", id)).stdout, `revoked ${id}\n`);
  const wrong = await ttygate(["token", "list"], { env: home.env, stdin: "wrong\n" });
  assertEquals(wrong.code, 1);
  assertMatch(wrong.stderr, /user name or the password is wrong/);
  for (
    const args of [["list"], ["create", "x", "--scopes", "all"], ["create", "x", "--days", "0"]]
  ) {
    assertEquals((await ttygate(["token", ...args], { env: home.env, stdin: "" })).code, 2);
  }
});

Deno.test("a machine is made, listed, shown, stopped, started, renamed, deleted and restored", async () => {
  await using home = new Home();
  await home.logIn();
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await home.run(...args);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  assertEquals(await told("create", "box"), "box runs; 'ttygate shell box' opens a shell in it\n");
  const made = JSON.parse(await told("create", "box", "--json"));
  assertEquals([made.name, made.state], ["box", "running"]);
  assertMatch(await told("show", "box"), /^state +running\n[^]*processes/);
  assertMatch(
    await told("list"),
    /MACHINE +IMAGE +AGE +STATE +DISK +ABOUT\nbox +default +\d+s +running\b/,
  );
  assertEquals(await told("stop", "box"), "box is stopped\n");
  assertMatch(
    await told("create", "box"),
    /^box is there already, and stopped; 'ttygate start box'/,
  );
  assertEquals(await told("start", "box"), "box runs\n");
  assertEquals(await told("rename", "box", "crate"), "box is crate now\n");
  await using shell = new Tty(home, `${PROGRAM} shell crate`);
  await shell.see(/# $/);
  await shell.type("exit 4\r");
  await shell.see(/status 4/);
  assertMatch(await told("delete", "crate"), /^crate is deleted; for 24 hours/);
  const none = await home.run("show", "crate");
  assertEquals([none.code, none.stderr], [1, "ttygate: You have no machine crate.\n"]);
  assertEquals(await told("restore", "crate"), "crate is back\n");
  const wrong = await home.run("shell", "crate", "--image", "x");
  assertEquals(wrong.code, 2);
  await told("delete", "crate");
});

Deno.test("the menu does what its numbers say, names the commands, and goes on after a shell", async () => {
  await using home = new Home();
  await home.logIn();
  const { code, stderr } = await home.run("menu");
  assertEquals([code, stderr.split("\n")[0]], [
    2,
    "ttygate: 'menu' needs a terminal; programs use the commands it names",
  ]);
  await using menu = new Tty(home, `${PROGRAM} menu`);
  await menu.see(/4 {2}make a machine +ttygate create NAME[^]*0 {2}leave[^]*Number: $/);
  await menu.type("4\n");
  await menu.see(/Name of the new machine/);
  await menu.type("numbers\n");
  await menu.see(/\$ ttygate create numbers\r\nnumbers runs[^]*Number: $/);
  await menu.type("2\n");
  await menu.see(/Which machine, of numbers/);
  await menu.type("numbers\n");
  await menu.see(/\$ ttygate shell numbers\r\n[^]*# $/);
  await menu.type("exit 3\r");
  await menu.see(/exit 3[^]*0 {2}leave[^]*Number: $/);
  await menu.type("7\n");
  await menu.type("numbers\n");
  await menu.see(/\$ ttygate delete numbers[^]*numbers is deleted[^]*Number: $/);
  await menu.type("9\n");
  await menu.see(/There is no 9: [^]*Number: $/);
  await menu.type("0\n");
  await menu.see(/status 0/);
});
