/** Proves that `setup.sh --stop` stops the daemon that it started, and takes nobody's away. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { DockerDaemon } from "../support/docker_daemon.ts";
import { testImage } from "../support/image.ts";
import { run } from "../support/run.ts";

const CHECKOUT = fileURLToPath(import.meta.resolve("../../")).replace(/\/$/, "");

/** Runs `setup.sh --stop` with a /run of its own, in which the script has noted this. */
function stop(pid: number, owner: string, socket: string) {
  const script = 'mount -t tmpfs none /run && printf "%s\\n" "$1" "$2" "$3" ' +
    "> /run/ttygate-setup-dockerd.pid && exec scripts/setup.sh --stop";
  const args = ["--mount", "sh", "-ec", script, "sh", String(pid), owner, socket];
  return run("unshare", args, { cwd: CHECKOUT });
}

Deno.test("setup.sh --stop refuses what is another's, and what somebody uses", async () => {
  await using daemon = await DockerDaemon.start({ liveRestore: false });
  const { pid, socket, docker } = daemon;
  const own = await Deno.realPath(CHECKOUT);

  const elsewhere = await stop(pid, "/srv/other/ttygate", socket);
  assertEquals(elsewhere.code, 1);
  assertMatch(elsewhere.stderr, /was started from another checkout, \/srv\/other\/ttygate/);
  const unknown = await stop(pid, "", socket);
  assertMatch(unknown.stderr, /which an older setup\.sh did not write down/);

  const spec = { Image: testImage(), Cmd: ["sleep", "300"], HostConfig: { NetworkMode: "none" } };
  const { Id } = await docker.containers.create(spec as never, { name: "somebodys" });
  await docker.containers.start(Id);
  const used = await stop(pid, own, socket);
  assertEquals(used.code, 1);
  assertMatch(used.stderr, /containers run on the Docker daemon \(process \d+\): somebodys ;/);
  assert((await docker.info()).ServerVersion !== "", "it runs on");

  await docker.containers.remove(Id, { force: true });
  const done = await stop(pid, own, socket);
  await daemon.stop();
  assertEquals(done.code, 0);
  assertEquals(done.stderr, `setup: stopping the Docker daemon (process ${pid})\n`);
});
