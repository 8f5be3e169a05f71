/** SSH with real shells in real containers. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestGateway } from "../support/gateway.ts";
import { run } from "../support/run.ts";
import { SSH_ENV, SshClient, SshHome, sshPort } from "../support/ssh_client.ts";

const ALICE = { password: "wonderland" };
const owned = new AsyncDisposableStack();
let gateway: TestGateway, port: number, home: SshHome;

Deno.test.beforeAll(async () => {
  gateway = owned.use(await TestGateway.start({ env: SSH_ENV }));
  port = await sshPort(gateway);
  home = owned.use(new SshHome());
});

Deno.test.afterAll(() => owned.disposeAsync());

Deno.test("a window that changes is the shell's, and Ctrl-C gets to its program", async () => {
  const password = join(home.dir, "password");
  await Deno.writeTextFile(password, "wonderland\n");
  const line = [
    "tty; stty rows 30 cols 100;",
    `exec sshpass -f ${password} ssh -F /dev/null -p ${port}`,
    `-o UserKnownHostsFile=${home.knownHosts} -o StrictHostKeyChecking=accept-new`,
    "-o PubkeyAuthentication=no alice@127.0.0.1",
  ].join(" ");
  await using client = new SshClient(["timeout", "60", "script", "-qefc", line, "/dev/null"], {
    SHELL: "/bin/sh",
  });
  const [tty] = await client.see(/\/dev\/pts\/\d+/);
  await client.see(/[#$] $/);
  await client.type("stty size\r");
  await client.see(/[\r\n]30 100\r\n/);
  await run("stty", ["-F", tty, "rows", "41", "cols", "123"]);
  await client.type(
    "until [ \"$(stty size)\" = '41 123' ]; do sleep 0.1; done; echo seen $((1+1))\r",
  );
  await client.see(/[\r\n]seen 2\r\n/);
  await client.type("echo begun $((2+3)); sleep 1000\r");
  await client.see(/[\r\n]begun 5\r\n/);
  await client.type("\x03");
  await client.see(/\^C[^]*[#$] $/);
  await client.type("exit 5\r");
  assertEquals(await client.status(), 5);
  await gateway.haveContainers(0);
});

Deno.test("a command runs in a container of its own, and its status is ssh's", async () => {
  await using client = home.open(port, "alice", ["-tt", 'echo "a  b" $((6 * 7)); exit 9'], ALICE);
  assertEquals([await client.status(), client.output], [9, "a  b 42\r\n"]);
  await gateway.haveContainers(0);
});

Deno.test("much output arrives whole, at the pace of who reads it", async () => {
  const command = "seq 1 200000 | md5sum; seq 1 200000";
  await using client = home.open(port, "alice", ["-tt", command], ALICE);
  assertEquals(await client.status(), 0);
  const [sum, ...lines] = client.output.split("\r\n");
  assertMatch(sum!, /^[0-9a-f]{32} +-$/);
  assertEquals([lines.length, lines[0], lines[199_999]], [200_001, "1", "200000"]);
});

Deno.test("a gateway that leaves tells its clients, and no container is left", async () => {
  await using other = await TestGateway.start({ env: SSH_ENV });
  await using home = new SshHome();
  await using client = home.open(await sshPort(other), "alice", ["-tt"], ALICE);
  await client.see(/[#$] $/);
  await other.stop();
  assertEquals(await client.status(), 255);
  assertMatch(client.errors, /The server is being stopped\.\r\n/);
});

Deno.test("a machine is reached by its name, and keeps what one left there", async () => {
  const headers = {
    authorization: `Basic ${btoa("alice:wonderland")}`,
    "content-type": "application/json",
  };
  const address = `${gateway.origin}/api/v1/machines/box`;
  const made = await fetch(address, { method: "PUT", headers, body: "{}" });
  assertEquals(made.status, 201);
  const { id } = await made.json();
  {
    await using client = home.open(port, "alice+box", ["-tt"], ALICE);
    await client.see(/[#$] $/);
    await client.type("echo left here > note; exit 3\r");
    assertEquals(await client.status(), 3);
  }
  await using client = home.open(port, "alice+box", ["-tt", "cat note; exit 4"], ALICE);
  assertEquals([await client.status(), client.output], [4, "left here\r\n"]);
  const there = await gateway.docker.containers.inspect(`ttygate-machine-${id}`);
  assertEquals(there.State.Running, true);
  assertEquals((await fetch(address, { method: "DELETE", headers })).ok, true);
});
