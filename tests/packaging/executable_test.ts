/** Proves that the built executable runs from anywhere, with nothing but itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { isBundled, VERSION_LINE } from "../support/build.ts";
import { FreshCache, NOBODY } from "../support/cache.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import { SSH_ENV, SshHome, sshPort } from "../support/ssh_client.ts";
import { TestTerminal } from "../support/terminal.ts";

const SAYS = { code: 0, stdout: `${VERSION_LINE}\n`, stderr: "" };
const AS_NOBODY = [
  ...["/usr/bin/setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"],
];

Deno.test("the executable runs with an empty environment but for a place to unpack", async () => {
  using cache = new FreshCache();
  assertEquals(await cache.run(["ttygate", "version"]), SAYS);
  assertEquals(await cache.run(["ttygate", "--version"]), SAYS);
  assertEquals((await cache.run(["ttygate", "nope"])).code, 2);
  assertEquals((await cache.run(["ttygate", "config", "check", "--config", "/nope"])).code, 1);
});

Deno.test("the executable needs no network and no root: nobody adds a user with it", async () => {
  using cache = new FreshCache();
  const home = join(cache.home, "nobody");
  await Deno.mkdir(home);
  await Deno.chown(home, NOBODY, NOBODY);
  const env = { HOME: home, PATH: "", TTYGATE_AUTH_HTPASSWD: `${home}/etc/htpasswd` };
  const alone = ["/usr/bin/unshare", "--net", ...AS_NOBODY];
  assertEquals(await cache.run([...alone, "ttygate", "version"], { env }), SAYS);
  // The list of the most used passwords is a module of its own, and so is the worker that hashes.
  const add = (password: string) =>
    cache.run([...alone, "ttygate", "user", "add", "alice"], { env, stdin: `${password}\n` });
  const refused = await add("password1");
  assertEquals([refused.code, /among the ten thousand/.test(refused.stderr)], [1, true]);
  const added = await add("wonderland");
  assertEquals(added, { code: 0, stdout: `alice added to ${home}/etc/htpasswd\n`, stderr: "" });
  if (isBundled) {
    const { mode, uid } = await Deno.stat(`${home}/.cache/ttygate`);
    assertEquals([mode! & 0o777, uid], [0o700, NOBODY]);
  }
});

Deno.test("every command of the executable can be asked for help", async () => {
  using cache = new FreshCache();
  const { stdout } = await cache.run(["ttygate", "--help"]);
  const names = Array.from(stdout.matchAll(/^ {2}(\w+) /gm), ([, name]) => name!);
  assert(names.length >= 8, stdout);
  for (const name of names) {
    const help = await cache.run(["ttygate", name, "--help"]);
    assertEquals([help.code, help.stderr], [0, ""], name);
  }
});

Deno.test("the executable serves SSH, whose native parts it does without", async () => {
  using cache = new FreshCache();
  await using machine = new Machine();
  await using gateway = await TestGateway.start({
    agent: machine,
    program: cache.program,
    env: { CACHE_DIRECTORY: cache.path, ...SSH_ENV },
  });
  await using home = new SshHome();
  const port = await sshPort(gateway);
  await using client = home.open(port, "alice", ["-tt"], { password: "wonderland" });
  await client.see(/# $/);
  await client.type("exit 6\r");
  assertEquals(await client.status(), 6);
});

Deno.test("the executable serves the page with all it needs, and a shell", async () => {
  using cache = new FreshCache();
  await using gateway = await TestGateway.start({
    program: cache.program,
    env: { CACHE_DIRECTORY: cache.path },
  });
  // One process from first to last: its id is the one that systemd passed sockets to.
  const exe = await Deno.readLink(`/proc/${gateway.process.pid}/exe`);
  assertEquals(exe, isBundled ? join(cache.unpacked(), "deno") : cache.program);

  const cookie = await gateway.logIn();
  const page = await (await fetch(gateway.origin, { headers: { cookie } })).text();
  const links = Array.from(page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g), ([, path]) => path!);
  assert(links.length >= 3, page);
  for (const path of links) {
    const response = await fetch(gateway.origin + path);
    assertEquals(response.status, 200, path);
    assert((await response.arrayBuffer()).byteLength > 100, path);
  }
  await using terminal = await TestTerminal.open(gateway, { cookie });
  assertEquals(await terminal.run("echo $((6 * 7))"), "42");
  terminal.type("exit\r");
  assertEquals((await terminal.event("ended")).reason, "exit");
});

Deno.test("the executable may run no other program and load no library, as from source", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  await cache.run(["ttygate", "version"]);
  const root = new URL("../../", import.meta.url);
  const flags = (text: string) => {
    const [, words] = / run (--.*?)main\.[jt]s/s.exec(text)!;
    return words!.split(/\s+/).filter((word) => /^(--(allow|deny|unstable)|-A)/.test(word)).sort();
  };
  const granted = [
    await Deno.readTextFile(new URL("scripts/ttygate", root)),
    new TextDecoder().decode((await Deno.readFile(cache.program)).subarray(0, 8000)),
    await Deno.readTextFile(`${cache.unpacked()}/share/scripts/packaging/launcher.sh`),
  ].map(flags);
  const expected = [
    "env",
    "net",
    "read",
    "run=busctl,systemd-run,systemctl,setpriv,stty",
    "sys",
    "write",
  ].map((what) => `--allow-${what}`);
  assertEquals(granted, Array(3).fill([...expected, "--unstable-net"]));
});

Deno.test(
  "a damaged executable says so, and leaves nothing in the cache",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    const bytes = await Deno.readFile(cache.program);
    await Deno.remove(cache.program); // a link to the one that was built
    await Deno.writeFile(cache.program, bytes.subarray(0, bytes.length - 1_000_000), {
      mode: 0o755,
    });
    const { code, stdout, stderr } = await cache.run(["ttygate", "version"]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^ttygate: cannot unpack itself: this file is damaged, or /m);
    assertEquals(cache.versions(), []);
  },
);

Deno.test("the bundle lets go of a lock as the source does: a sweep keeps no gateway waiting", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  await cache.run(["ttygate", "version"]);
  // What looks whether the gateway's lock is held must not hold it until the process ends.
  const modules = [...Deno.readDirSync(cache.unpacked())].filter(({ name }) => /\.js$/.test(name))
    .map(({ name }) => Deno.readTextFileSync(join(cache.unpacked(), name)));
  const looks = modules.flatMap((text) => text.match(/function isHeld\(path\) {[^}]*?}\);/g) ?? []);
  assertEquals(looks.length, 1);
  assertMatch(looks[0]!, /using lock = await Deno\.open/);
});
