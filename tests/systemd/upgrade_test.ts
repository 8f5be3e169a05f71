/** Proves that an upgrade from a package with one process keeps its sessions, at an agent of its own. */
import { assert, assertEquals } from "@std/assert";
import { PACKAGE, repack } from "../support/build.ts";
import { addUserAndLogIn } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { testImage } from "../support/image.ts";
import { TestTerminal } from "../support/terminal.ts";

const APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends";
/** What gives the package its second process. */
const SPLIT = [
  "/usr/lib/systemd/system/ttygate.service.d/agent.conf",
  "/usr/lib/systemd/system/ttygate-sweep.service.d/agent.conf",
  "/usr/share/ttygate/installed.toml",
];

Deno.test("a session outlives the upgrade to a gateway without Docker", async () => {
  await using server = await bootDockerServer();
  const origin = `http://${server.address}:8080`;
  const older = await Deno.makeTempFile({ prefix: "ttygate-test-", suffix: ".deb" });
  try {
    await repack("0.0.9", older, SPLIT);
    await server.bring(older, "/root/older.deb");
  } finally {
    await Deno.remove(older);
  }
  await server.bring(PACKAGE, "/root/ttygate.deb");
  await server.run(`${APT} install /root/older.deb`);
  // Until 0.2.0 for good.
  await server.run("gpasswd --add ttygate docker");
  // Changed by the administrator, so it stays as it is and knows nothing of an agent.
  await server.run(
    `sed -i 's|^#image = .*|image = "${testImage()}"|' /etc/ttygate/ttygate.toml`,
  );
  await server.write(
    "/etc/systemd/system/ttygate.socket.d/override.conf",
    "[Socket]\nListenStream=\nListenStream=8080\n",
  );
  await server.run("systemctl daemon-reload && systemctl restart ttygate.socket");
  const cookie = await addUserAndLogIn(server, origin, "alice");

  await using before = await TestTerminal.open({ origin }, { cookie });
  await before.run("kept=yes");
  assert((await server.groups("ttygate")).includes("docker"));

  await server.run(`${APT} install /root/ttygate.deb`);
  assertEquals((await before.closed).code, 1012);
  assertEquals(await server.groups("ttygate"), ["ttygate"]);
  const { session, offset } = before;
  await using after = await TestTerminal.open({ origin }, { cookie, query: { session, offset } });
  assertEquals(await after.run("echo $kept"), "yes");
  await server.run("systemctl start ttygate-sweep.service");
  assertEquals(await after.run("echo spared"), "spared");
  after.type("exit\r");
  assertEquals((await after.event("ended")).reason, "exit");
});
