/** `ttygate cp`, as people run it, with a real machine in Docker. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { PROGRAM, TestGateway, ttygate, until } from "../support/gateway.ts";
import { run } from "../support/run.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, dir: string, env: Record<string, string>;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start());
  dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  owned.defer(() => Deno.remove(dir, { recursive: true }));
  env = { XDG_CONFIG_HOME: join(dir, "config"), HOME: dir };
  const cookie = await gateway.logIn();
  const response = await fetch(`${gateway.origin}/api/v1/tokens`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin, "content-type": "application/json" },
    body: JSON.stringify({ name: "test", scopes: ["read", "shell", "machines"] }),
  });
  const { token } = await response.json();
  const login = await ttygate(["login", gateway.origin, "--token-stdin"], {
    env,
    stdin: `${token}\n`,
  });
  assertEquals(login.code, 0, login.stderr);
  assertEquals((await ttygate(["create", "box"], { env })).code, 0);
});

Deno.test.afterAll(() => owned.disposeAsync());

const local = (name: string) => join(dir, name);
const cp = (from: string, to: string, ...more: string[]) =>
  ttygate(["cp", from, to, ...more], { env });

async function done(copied: ReturnType<typeof ttygate>): Promise<string> {
  const { code, stdout, stderr } = await copied;
  assertEquals([code, stderr], [0, ""], stdout);
  return stdout;
}

async function failed(copied: ReturnType<typeof ttygate>, status = 1): Promise<string> {
  const { code, stderr } = await copied;
  assertEquals(code, status, stderr);
  return stderr;
}

Deno.test("a file goes there and back with its permissions, into folders under its own name", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await Deno.writeFile(local("a b ü"), bytes, { mode: 0o750 });
  assertEquals(await done(cp(local("a b ü"), "box:")), "");
  assertEquals(await done(cp(local("a b ü"), "box:tmp/../sub")), "");
  const json = JSON.parse(await done(cp("box:sub", local("back"), "--json")));
  assertEquals([json.path, json.bytes], [local("back"), 60_000]);
  assertEquals(await Deno.readFile(local("back")), bytes);
  await done(cp("box:~/a b ü", dir));
  assertEquals((await Deno.stat(local("a b ü"))).mode! & 0o777, 0o750);
  await Deno.writeTextFile(local("a b ü"), "other");
  await done(cp(local("a b ü"), "box:sub"));
  assertEquals(await done(cp("box:sub", "-")), "other");
  const { code } = await ttygate(["cp", "-", "box:typed"], { env, stdin: "typed\n" });
  assertEquals([code, await done(cp("box:typed", "-"))], [0, "typed\n"]);
});

Deno.test("a folder goes there and back with all in it, and takes no other's place", async () => {
  const long = "n".repeat(120);
  await Deno.mkdir(local("tree/deep/empty"), { recursive: true });
  for (const name of ["plain", "two\nlines", "日本", long]) {
    await Deno.writeTextFile(local(`tree/deep/${name}`), name);
  }
  await Deno.chmod(local("tree/deep/plain"), 0o700);
  await done(cp(local("tree"), "box:tree"));
  await done(cp("box:tree", local("tree2")));
  const listed = async (name: string) => {
    const { stdout } = await run("find", [local(name), "-printf", "%P %y %m %Ts\\0"]);
    return stdout.split("\0").filter((line) => !line.startsWith(" ")).sort();
  };
  assertEquals(await listed("tree2"), await listed("tree"));
  assertEquals(await Deno.readTextFile(local(`tree2/deep/${long}`)), long);
  assertMatch(await failed(cp(local("tree"), "box:")), /box:\/root\/tree is there already/);
  await Deno.mkdir(local("into/tree"), { recursive: true });
  assertMatch(await failed(cp("box:tree", local("into"))), /into\/tree is there already/);
  await Deno.symlink("plain", local("tree/link"));
  const { code, stderr } = await cp(local("tree"), "box:linked");
  assertEquals(code, 0);
  assertMatch(stderr, /links and devices are left out: 1 in .*tree/);
});

Deno.test("what cannot be is told in a sentence", async () => {
  await Deno.writeTextFile(local("x"), "x");
  assertMatch(await failed(cp(local("none"), "box:")), /none: there is no such file or folder/);
  assertMatch(await failed(cp("box:none", dir)), /there is no box:\/root\/none/);
  assertMatch(await failed(cp("nobox:x", dir)), /You have no machine nobox/);
  assertMatch(
    await failed(cp(local("x"), "box:none/x")),
    /no \/root\/none\/x any more, or no such folder/,
  );
  assertMatch(await failed(cp(local("x"), "box:none/")), /there is no folder box:\/root\/none/);
  assertMatch(await failed(cp("box:/etc/hostname", local("none/x"))), /there is no folder/);
  assertMatch(await failed(cp("box:/dev/null", local("null"))), /device/);
  assertMatch(await failed(cp(local("x"), local("y")), 2), /one of the two is in a machine/);
  const names = Array.from(Deno.readDirSync(dir), ({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith(".")), []);
});

Deno.test("a copy that is called off leaves nothing, in either direction", async () => {
  const made = await run("truncate", ["-s", "900M", local("sparse")]);
  assertEquals(made.code, 0);
  await done(cp(local("x"), "box:kept"));
  const { id } = JSON.parse((await ttygate(["show", "box", "--json"], { env })).stdout);
  const make = ["truncate", "-s", "1T", "/root/endless"];
  await using program = await gateway.docker.containers.run(`ttygate-machine-${id}`, make);
  while (await program.read() !== null) { /* it says nothing */ }
  const begun: [string, string, () => Promise<boolean>][] = [
    [local("sparse"), "box:kept", async () => /\.ttygate-/.test(await listing())],
    ["box:endless", local("endless"), () => Promise.resolve(partial().length > 0)],
  ];
  for (const [from, to, isBegun] of begun) {
    const child = new Deno.Command(PROGRAM, {
      ...{ args: ["cp", from, to], env },
      ...{ stdout: "null", stderr: "piped" },
    }).spawn();
    const said = new Response(child.stderr).text();
    await until(isBegun);
    child.kill("SIGINT");
    assertEquals([(await child.status).code, await said], [
      130,
      "ttygate: called off; nothing of it is kept\n",
    ]);
  }
  await until(async () => !/\.ttygate-/.test(await listing()));
  assertEquals(await done(cp("box:kept", "-")), "x");
  assertEquals(partial(), []);
});

const partial = () =>
  Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => name.startsWith("."));

/** The names at home. */
async function listing(): Promise<string> {
  const cookie = await gateway.logIn();
  const response = await fetch(`${gateway.origin}/api/v1/machines/box/files/root?list`, {
    headers: { cookie },
  });
  return await response.text();
}
