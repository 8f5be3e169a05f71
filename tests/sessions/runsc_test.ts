/** Proves that a session runs under gVisor, whose kernel is not the server's. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DockerDaemon } from "../support/docker_daemon.ts";
import { TestGateway } from "../support/gateway.ts";
import { run } from "../support/run.ts";
import { TestTerminal } from "../support/terminal.ts";

/** Scripts/setup.sh --tests installs it where the distribution has it. */
const RUNSC = "/usr/bin/runsc";
const isThere = await Deno.stat(RUNSC).then(() => true, () => false);

Deno.test({
  name: "runtime = runsc: a session has a kernel of its own, and all that a session has",
  ignore: !isThere,
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    // Where this runs, a sandbox may neither make cgroups nor have a network.
    const runsc = { path: RUNSC, runtimeArgs: ["--ignore-cgroups", "--network=none"] };
    await Deno.writeTextFile(`${dir}/daemon.json`, JSON.stringify({ runtimes: { runsc } }));
    await using daemon = await DockerDaemon.start({
      liveRestore: false,
      args: [`--config-file=${dir}/daemon.json`],
    });
    await using gateway = await TestGateway.start({
      env: {
        TTYGATE_DOCKER_SOCKET: daemon.socket,
        TTYGATE_CONTAINER_RUNTIME: "runsc",
        TTYGATE_CONTAINER_NETWORK: "none",
        TTYGATE_SESSION_RECONNECT_GRACE: "20s",
        TTYGATE_POOL_SIZE: "1",
      },
    });
    const cookie = await gateway.logIn();
    const query = { cols: 90, rows: 33 };
    const terminal = await TestTerminal.open(gateway, { cookie, query });
    await terminal.see(/# $/);
    assertMatch(await terminal.run("dmesg | head -n 1"), /Starting gVisor/);
    assertEquals(await terminal.run("stty size"), "33 90");
    terminal.resize(100, 40);
    await terminal.see(/# $/, terminal.output.length - 3);
    assertEquals(await terminal.run("stty size"), "40 100");
    const from = terminal.output.length;
    terminal.type("sh -c 'echo sl\"\"ept; exec sleep 1000'\r");
    await terminal.see(/slept/, from);
    terminal.type("\x03");
    await terminal.see(/slept[^]*# $/, from);
    terminal.cut();
    const { session } = terminal;
    const back = await TestTerminal.open(gateway, { cookie, query: { session, offset: 0 } });
    assertEquals(await back.run("echo $((6 * 7))"), "42");
    const { stdout } = await run("docker", [
      ...["--host", `unix://${daemon.socket}`, "ps", "--quiet"],
    ]);
    assert(stdout.trim() !== "");
    back.type("exit\r");
    assertEquals((await back.event("ended")).reason, "exit");
    await gateway.stop();
    const left = await daemon.docker.containers.list({ all: true });
    assertEquals(left, []);
    await Deno.remove(dir, { recursive: true });
  },
});
