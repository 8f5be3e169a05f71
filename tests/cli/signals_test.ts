/** What a SIGHUP means to a gateway in a terminal: reload, or the terminal was closed. */
import { assert, assertMatch } from "@std/assert";
import { join } from "node:path";
import { PROGRAM, until } from "../support/gateway.ts";

/** A gateway in a terminal of its own, which script(1) makes and its end closes. */
async function inTerminal(home: string) {
  const log = join(home, "log");
  const terminal = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--command", `exec ${PROGRAM} serve 2>> ${log}`, "/dev/null"],
    env: {
      TTYGATE_GATEWAY_LISTEN: "127.0.0.1:0",
      TTYGATE_GATEWAY_ADMIN_SOCKET: join(home, "admin.sock"),
      TTYGATE_GATEWAY_STATE_DIR: join(home, "state"),
      TTYGATE_DOCKER_INSTANCE: `test-${crypto.randomUUID().slice(0, 8)}`,
      TTYGATE_AUTH_HTPASSWD: join(home, "htpasswd"),
      TTYGATE_POOL_SIZE: "0",
    },
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const logged = async (pattern: RegExp) => {
    await until(async () => pattern.test(await Deno.readTextFile(log).catch(() => "")));
    return pattern.exec(await Deno.readTextFile(log))!;
  };
  await logged(/ttygate is ready/);
  return { terminal, logged };
}

Deno.test("in a terminal a SIGHUP that somebody sends reloads, and that of the closed terminal ends it", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const { terminal, logged } = await inTerminal(home);
    const children = `/proc/${terminal.pid}/task/${terminal.pid}/children`;
    const pid = Number(await Deno.readTextFile(children));
    Deno.kill(pid, "SIGHUP");
    await logged(/reloaded the configuration changed=nothing/);
    await Deno.stat(join(home, "admin.sock"));

    terminal.kill("SIGKILL");
    await terminal.status;
    const [line] = await logged(/.*stopping .*/);
    assertMatch(line!, /signal=SIGHUP sessions=0/);
    await until(() => Deno.stat(`/proc/${pid}`).then(() => false, () => true));
    await Deno.stat(join(home, "admin.sock")).then(() => assert(false), () => {});
    await terminal.stdin.close().catch(() => {});
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
