/** SFTP by Debian's sftp(1) and scp(1), with a real machine in Docker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway } from "../support/gateway.ts";
import { type Outcome, run } from "../support/run.ts";
import { SSH_ENV, SshHome, sshPort } from "../support/ssh_client.ts";

const owned = new AsyncDisposableStack();
let gateway: TestGateway, port: number, home: SshHome, options: readonly string[];

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: SSH_ENV }));
  port = await sshPort(gateway);
  home = owned.use(new SshHome());
  const key = await home.makeKey("id", "-t", "ed25519");
  const text = await Deno.readTextFile(`${key}.pub`);
  await api("POST", "keys", { key: text, name: "test" });
  await api("PUT", "machines/box", {});
  options = [
    ...["-F", "/dev/null", "-P", `${port}`, "-i", key, "-o", "IdentitiesOnly=yes"],
    ...["-o", `UserKnownHostsFile=${home.knownHosts}`, "-o", "StrictHostKeyChecking=accept-new"],
  ];
});

Deno.test.afterAll(() => owned.disposeAsync());

async function api(method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${gateway.origin}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Basic ${btoa("alice:wonderland")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert(response.ok, await response.text());
}

/** Runs lines of sftp(1), of which a first "-" lets it go on after a failure. */
async function sftp(lines: readonly string[], user = "alice+box"): Promise<Outcome> {
  const batch = join(home.dir, "batch");
  await Deno.writeTextFile(batch, lines.join("\n") + "\n");
  return await run("timeout", ["120", "sftp", ...options, "-b", batch, `${user}@127.0.0.1`]);
}

function scp(...args: readonly string[]): Promise<Outcome> {
  return run("timeout", ["120", "scp", ...options, ...args]);
}

function done({ code, stdout, stderr }: Outcome): string {
  assertEquals(code, 0, stdout + stderr);
  return stdout;
}

const local = (name: string) => join(home.dir, name);

async function sum(path: string): Promise<string> {
  const { stdout } = await run("sha256sum", [path]);
  return stdout.split(" ")[0]!;
}

Deno.test("sftp looks around, puts, gets, renames and removes, and begins at home", async () => {
  await Deno.writeTextFile(local("a b ü🙂"), "hello\n");
  await Deno.chmod(local("a b ü🙂"), 0o750);
  const said = done(
    await sftp([
      "pwd",
      "mkdir made",
      `put -p "${local("a b ü🙂")}" "made/a b ü🙂"`,
      "cd made/../made",
      "ls -l",
      'rename "a b ü🙂" other',
      `get other "${local("back")}"`,
      "chmod 600 other",
      "ls -ln other",
      "rm other",
      "cd ..",
      "rmdir made",
      "-ls made",
    ]),
  );
  assertMatch(said, /Remote working directory: \/root\n/);
  assertMatch(said, /-rwxr-x--- .* 6 .* a b ü🙂\n/);
  assertMatch(said, /-rw------- .* 6 .*other\n/);
  assertEquals(await Deno.readTextFile(local("back")), "hello\n");
});

Deno.test("30 MB come and go whole by scp, with many requests under way", async () => {
  const bytes = new Uint8Array(30_000_000);
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  await Deno.writeFile(local("big"), bytes);
  done(await scp(local("big"), "alice+box@127.0.0.1:big"));
  // A shorter one takes its place: scp opens it as it is, and cuts it at the end.
  await Deno.truncate(local("big"), 29_999_999);
  const { code, stderr } = await scp("-q", local("big"), "alice+box@127.0.0.1:big");
  assertEquals([code, stderr], [0, ""]);
  done(await scp("alice+box@127.0.0.1:/root/big", local("big2")));
  assertEquals(await sum(local("big2")), await sum(local("big")));
  // The rest of one that broke off is read on from where it ended.
  await Deno.truncate(local("big2"), 12_345_678);
  done(await sftp([`reget big "${local("big2")}"`, "rm big"]));
  assertEquals(await sum(local("big2")), await sum(local("big")));
});

Deno.test("folders go in and out with all in them, whatever their names", async () => {
  const names = ["plain", "with space", "zwei\nZeilen", "-dash", "日本"];
  await Deno.mkdir(local("tree/deep/empty"), { recursive: true });
  for (const name of names) await Deno.writeTextFile(local(`tree/deep/${name}`), name);
  await Deno.chmod(local("tree/deep/plain"), 0o755);
  done(await scp("-rp", local("tree"), "alice+box@127.0.0.1:"));
  done(await scp("-rp", "alice+box@127.0.0.1:tree", local("tree2")));
  const listed = async (name: string) => {
    const all = ["-printf", "%P %m %Ts %s\\0"];
    const { stdout } = await run("find", [local(name), "-type", "f", ...all]);
    return stdout.split("\0").sort();
  };
  assertEquals(await listed("tree2"), await listed("tree"));
  assert((await Deno.stat(local("tree2/deep/empty"))).isDirectory);
  for (const name of names) {
    assertEquals(await Deno.readTextFile(local(`tree2/deep/${name}`)), name);
  }
});

Deno.test("so many folders may be open, and no more", async () => {
  const packet = (...bytes: number[]) => String.fromCharCode(0, 0, 0, bytes.length, ...bytes);
  const [init, openRoot] = [packet(1, 0, 0, 0, 3), packet(11, 0, 0, 0, 7, 0, 0, 0, 1, 47)];
  const key = join(home.dir, "id");
  await using client = home.open(port, "alice+box", ["-s", "sftp"], { key });
  await client.type(init + openRoot.repeat(65));
  await client.see(/At most 64 files may be open/);
});

Deno.test("what cannot be is told: no such file, no right, a folder, a device, no machine", async () => {
  await Deno.writeTextFile(local("x"), "x");
  const failed = async (line: string) => {
    const { code, stdout, stderr } = await sftp([line]);
    assertEquals(code, 1, stdout);
    return stderr;
  };
  assertMatch(await failed(`get none "${local("none")}"`), /not found|No such file/);
  assertMatch(await failed(`put "${local("x")}" none/x`), /No such file/);
  assertMatch(await failed(`put "${local("x")}" /proc/x`), /denied|Failure|No such file/);
  assertMatch(await failed(`get /dev/null "${local("none")}"`), /device|not a regular file/i);
  assertMatch(await failed("rm /etc"), /folder/);
  assertMatch(await failed("rmdir /etc"), /not empty/);
  assertMatch(await failed("ln -s x y"), /Unsupported|unsupported/i);
  assertMatch(await failed(`get ../../../../../etc/none "${local("none")}"`), /not found|No such/);
  const onFolder = await scp(local("x"), "alice+box@127.0.0.1:/etc/");
  done(onFolder);
  const { code, stderr } = await sftp(["ls"], "alice");
  assertEquals(code, 255);
  assertMatch(stderr, /Files are copied into machines/);
  assertMatch((await sftp(["ls"], "alice+none")).stderr, /You have no machine none/);
});

Deno.test("an upload that breaks off leaves nothing", async () => {
  const batch = local("endless");
  await Deno.writeTextFile(batch, `put "${local("big")}" cut\n`);
  const args = [...options, "-l", "4000", "-b", batch, "alice+box@127.0.0.1"];
  await using child = new Deno.Command("sftp", { args, stdout: "null", stderr: "null" }).spawn();
  while (!/\.ttygate-/.test(done(await sftp(["ls -a"])))) { /* it has not begun */ }
  child.kill();
  await child.status;
  let left: string;
  do left = done(await sftp(["ls -a"])); while (/\.ttygate-/.test(left));
  assertEquals(/\bcut\b/.test(left), false);
});
