/** Commands by SSH without a terminal: Debian's ssh, scp, rsync and git, against a machine in Docker. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway, until } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { run } from "../support/run.ts";
import { SSH_ENV, SshHome, sshPort } from "../support/ssh_client.ts";

const BULK_BYTES = 20_000_000;
const HEADERS = {
  authorization: `Basic ${btoa("alice:wonderland")}`,
  "content-type": "application/json",
};
const owned = new AsyncDisposableStack();
let gateway: TestGateway, port: number, home: SshHome, ssh: string, container: string;

Deno.test.beforeAll(async () => {
  const env = { ...SSH_ENV, TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE };
  gateway = owned.use(await TestGateway.start({ env }));
  port = await sshPort(gateway);
  home = owned.use(new SshHome());
  const address = `${gateway.origin}/api/v1/machines/box`;
  const made = await fetch(address, { method: "PUT", headers: HEADERS, body: "{}" });
  container = `ttygate-machine-${(await made.json()).id}`;
  owned.defer(async () => {
    await (await fetch(address, { method: "DELETE", headers: HEADERS })).body?.cancel();
  });
  const options = [
    `-F /dev/null -p ${port} -o UserKnownHostsFile=${home.knownHosts}`,
    "-o StrictHostKeyChecking=no -o LogLevel=ERROR -o PubkeyAuthentication=no",
  ];
  ssh = `sshpass -e ssh ${options.join(" ")}`;
});

Deno.test.afterAll(() => owned.disposeAsync());

/** A script here, in which `$ssh` is ssh(1) with its options, in the home of this test. */
async function here(script: string) {
  const line = `cd ${home.dir}; set -o pipefail; box=alice+box@127.0.0.1; ${script}`;
  const env = { ssh, SSHPASS: "wonderland", HOME: home.dir, GIT_SSH_COMMAND: ssh };
  return await run("timeout", ["100", "bash", "-c", line], { env });
}

/** The programs in the machine that have this in their command lines. */
async function running(mark: string): Promise<string> {
  const all = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file"; echo; done; :';
  await using program = await gateway.docker.containers.run(container, ["sh", "-c", all]);
  let text = "";
  for (let next; (next = await program.read()) !== null;) text += new TextDecoder().decode(next);
  return text.split("\n").filter((line) => line.includes(mark)).join("\n");
}

async function bulk(): Promise<void> {
  const bytes = new Uint8Array(BULK_BYTES);
  for (let i = 0; i < bytes.length; i += 65_536) {
    crypto.getRandomValues(bytes.subarray(i, i + 65_536));
  }
  for (let i = 0; i < 256; i++) bytes[i] = i;
  await Deno.writeFile(join(home.dir, "bulk"), bytes);
}

Deno.test("a command has two outputs, an input that ends, and an exit status", async () => {
  const { code, stdout, stderr } = await here(
    `printf 'a\\0b' | $ssh $box 'od -An -c; echo wrong >&2; exit 9'`,
  );
  assertEquals([code, stdout.replaceAll(/ +/g, " "), stderr], [9, " a \\0 b\n", "wrong\n"]);
  for (
    const [command, status] of [
      ["$ssh $box false", 1],
      ["$ssh $box 'kill -TERM $$'", 255], // as ssh(1) says that a signal ended it
      ["$ssh alice@127.0.0.1 'exit 8'", 8],
      ["echo 'exit 6' | $ssh -T $box", 6],
      ["mkdir d; echo kept > d/f; tar c d | $ssh $box tar x && $ssh $box cat d/f", 0],
    ] as const
  ) {
    assertEquals((await here(command)).code, status, command);
  }
  await gateway.haveContainers(1);
});

Deno.test("much goes both ways at once and stays what it is", async () => {
  await bulk();
  const { code, stdout, stderr } = await here(
    `$ssh $box cat < bulk > back; cmp bulk back && $ssh $box sha256sum < bulk && sha256sum < bulk`,
  );
  const [there, own] = stdout.split("\n");
  assertEquals([code, stderr, there], [0, "", own]);
});

Deno.test("scp, rsync and git work through it", async () => {
  await bulk();
  const result = await here(
    [
      "set -e; scp='sshpass -e scp -O -q'; opts=${ssh#sshpass -e ssh}; opts=${opts/-p/-P}",
      "$scp $opts bulk $box:copy; $scp $opts $box:copy copied; cmp bulk copied",
      'mkdir -p tree/deep; cp bulk tree/deep/; echo x > "tree/a b"',
      'rsync -a -e "$ssh" tree $box:; rsync -a -e "$ssh" $box:tree/ again; diff -r tree again',
      "$ssh $box 'git init -q --bare repo.git'",
      "git init -q work; cd work; echo text > file; git add file",
      "git -c user.name=a -c user.email=a@b commit -qm first",
      `git push -q ssh://alice+box@127.0.0.1:${port}/root/repo.git HEAD:main`,
      `cd ..; git clone -q -b main ssh://alice+box@127.0.0.1:${port}/root/repo.git cloned`,
      "cat cloned/file",
    ].join("; "),
  );
  assertEquals([result.code, result.stdout], [0, "text\n"], result.stderr);
});

Deno.test("a client that is killed leaves nothing in the machine, whatever it was doing", async () => {
  for (const command of ["sleep 54321; :", "yes 54321", "cat; sleep 54321; :"]) {
    await using client = home.open(port, "alice+box", [command], { password: "wonderland" });
    await until(async () => await running("54321") !== "");
    client.cut();
    await until(async () => await running("54321") === "");
  }
  // One that reads nothing, so that all that is on its way is full.
  const { code } = await here(`timeout 2 $ssh $box 'exec yes 54321' | sleep 3; :`);
  assertEquals(code, 0);
  await until(async () => await running("54321") === "");
});

Deno.test("who has as many sessions as may be is told so", async () => {
  const { code, stderr } = await here(
    `for i in 1 2 3; do $ssh $box 'echo begun; exec sleep 6' > out$i & done; ` +
      `until grep -q begun out1 && grep -q begun out2 && grep -q begun out3; do sleep 0.1; done; ` +
      `$ssh $box true; status=$?; kill $(jobs -p); wait; exit $status`,
  );
  assertEquals(code, 255);
  assertMatch(stderr, /You already have 3 terminals open/);
});
