/** Proves what `ttygate doctor` and `ttygate session` say on a server with systemd. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Finding } from "../../lib/cli/doctor/finding.ts";
import { INSTALL_PROGRAM, INSTALL_UNITS } from "../support/by_hand.ts";
import { makeCertificate } from "../support/certificate.ts";
import { until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { SystemdServer } from "../support/systemd_server.ts";

/** The timer fires each minute. */
const TIMER_MS = 80_000;

Deno.test("on a server with systemd", async (t) => {
  await using server = await SystemdServer.boot();
  // Without Docker the doctor is quick, and this is about the rest.
  const doctor = async (env = "TTYGATE_DOCKER_SOCKET=/nonexistent/docker.sock") => {
    const { code, stdout, stderr } = await server.try(`${env} ttygate doctor --json`);
    assertEquals(stderr, "");
    const findings: Finding[] = JSON.parse(stdout);
    const of = (check: string) =>
      findings.filter((finding) => finding.check === check)
        .map(({ status, message }) => `${status}: ${message}`);
    return { code, of, findings };
  };
  await server.run(INSTALL_PROGRAM);
  await server.run(
    "cat > /etc/ttygate/ttygate.toml",
    `[docker]\ninstance = "${server.instance}"\n[container]\nimage = "${testImage()}"\n` +
      "[pool]\nsize = 0\n",
  );
  await server.run("ttygate user add alice", "wonderland\n");

  await t.step("units that are missing are told", async () => {
    const { of } = await doctor();
    assertEquals(of("ttygate.socket"), ["warn: it is not installed"]);
    assertEquals(of("ttygate-sweep.timer"), ["warn: it is not installed"]);
  });

  await t.step("units that are installed are to be enabled", async () => {
    await server.run(INSTALL_UNITS);
    const { of } = await doctor();
    assertEquals(of("ttygate.socket"), ["warn: it is inactive, so nobody can connect"]);
    await server.run("systemctl start ttygate.socket");
    const started = await doctor();
    assertEquals(started.of("ttygate.socket"), ["warn: it runs, but not after the next boot"]);
  });

  await t.step("enabled they are right, and the timer is seen to fire", async () => {
    await server.run("systemctl enable --now ttygate.socket ttygate-sweep.timer");
    assertEquals((await doctor()).of("ttygate.socket"), ["ok: it is enabled and active"]);
    const last = () => server.property("ttygate-sweep.timer", "LastTriggerUSec");
    await until(async () => await last() !== "" && await last() !== "n/a", TIMER_MS);
    assertMatch((await doctor()).of("ttygate-sweep.timer")[0]!, /^ok: .*; it fired \d+ s ago$/);
  });

  await t.step("the clock is what timedatectl says of it", async () => {
    const synchronised = await server.run("timedatectl show --value -p NTPSynchronized");
    const [said] = (await doctor()).of("clock");
    assertMatch(said!, synchronised === "yes" ? /^ok: / : /^warn: it is not synchronised/);
  });

  await t.step("files are looked at for the service's user, though root asks", async () => {
    const { of } = await doctor();
    assertEquals(of("htpasswd"), ["ok: 1 user of /etc/ttygate/htpasswd can log in"]);
    await server.run("chgrp root /etc/ttygate/htpasswd");
    const refused = await doctor();
    assertEquals(refused.of("htpasswd"), [
      "fail: cannot read /etc/ttygate/htpasswd: the service's user ttygate may not",
    ]);
    await server.run("chgrp ttygate /etc/ttygate/htpasswd; chown root /var/lib/ttygate");
    assertEquals((await doctor()).of("state"), [
      "fail: /var/lib/ttygate does not belong to the service's user ttygate",
    ]);
    await server.run("chown ttygate /var/lib/ttygate");
  });

  await t.step("files that anybody may change are broken", async () => {
    await server.run("chmod 666 /etc/ttygate/htpasswd /etc/ttygate/ttygate.toml");
    const { code, of } = await doctor();
    assertEquals(code, 1);
    const words = "every user of this machine may change";
    assertEquals(of("htpasswd").slice(-1), [`fail: ${words} /etc/ttygate/htpasswd (mode 0666)`]);
    assertEquals(of("configuration").slice(-1), [
      `fail: ${words} /etc/ttygate/ttygate.toml (mode 0666)`,
    ]);
    await server.run("chmod 640 /etc/ttygate/htpasswd; chmod 644 /etc/ttygate/ttygate.toml");
  });

  /** Has the service's unit say more, until it is called with nothing. */
  const dropIn = async (text: string) => {
    const dir = "/run/systemd/system/ttygate.service.d";
    const write = text === "" ? `rm -rf ${dir}` : `mkdir -p ${dir} && cat > ${dir}/x.conf`;
    await server.run(`${write} && systemctl daemon-reload`, text);
  };

  await t.step(
    "what the unit sets is checked, too, and an address that does not count",
    async () => {
      await dropIn(
        "[Service]\nEnvironment=TTYGATE_POOL_SIZ=1 TTYGATE_GATEWAY_LISTEN=127.0.0.1:9999\n",
      );
      assertMatch((await doctor()).of("configuration")[0]!, /^fail: environment TTYGATE_POOL_SIZ:/);
      const { code, stderr } = await server.try("ttygate config check");
      assertEquals(code, 1);
      assertMatch(stderr, /^environment TTYGATE_POOL_SIZ: is no key; did you mean size\?$/m);
      await dropIn("[Service]\nEnvironment=TTYGATE_GATEWAY_LISTEN=127.0.0.1:9999\n");
      assertMatch((await doctor()).of("gateway.listen")[0]!, /^warn: it has no effect: systemd /);
      await dropIn("");
    },
  );

  await t.step("a key that the service may not read is a mistake before the restart", async () => {
    const made = await Deno.makeTempDir();
    await makeCertificate(made, "server");
    const [cert, key] = ["crt", "key"].map((kind) =>
      Deno.readTextFileSync(`${made}/server.${kind}`)
    );
    await Deno.remove(made, { recursive: true });
    await server.run("cat > /etc/ttygate/tls.crt", cert);
    await server.run(
      "(umask 077; cat > /etc/ttygate/tls.key); chgrp root /etc/ttygate/tls.key",
      key,
    );
    const tls = (dir: string) =>
      `[Service]\nEnvironment=TTYGATE_GATEWAY_TLS_CERT=${dir}/tls.crt ` +
      `TTYGATE_GATEWAY_TLS_KEY=${dir}/tls.key\n`;
    await dropIn(tls("/etc/ttygate"));
    const { code, stderr } = await server.try("ttygate config check");
    assertEquals(code, 1);
    assertMatch(stderr, /TTYGATE_GATEWAY_TLS_KEY: the service's user ttygate may not read \/etc/);
    const load =
      "LoadCredential=tls.crt:/etc/ttygate/tls.crt\nLoadCredential=tls.key:/etc/ttygate/tls.key\n";
    await dropIn(tls("%d") + load);
    assertEquals((await server.try("ttygate config check")).code, 0);
    assertMatch((await doctor()).of("tls")[0]!, /^warn: \/etc\/ttygate\/tls\.crt expires on/);
    await dropIn("");
  });

  await t.step("with Docker nothing is broken, and the doctor starts no gateway", async () => {
    const { code, of } = await doctor("");
    assertEquals([code, of("memory")[0]!.slice(0, 3)], [0, "ok:"]);
    assertMatch(of("cgroups")[0]!, /^(warn: driver cgroupfs|ok: driver systemd)/);
    assertEquals(await server.containers(), []);
    assertEquals(await server.property("ttygate.service", "ActiveState"), "inactive");
  });

  await t.step("nor does 'ttygate session', which says that none runs", async () => {
    assertEquals(await server.run("ttygate session list --json"), "[]");
    const { code, stderr } = await server.try("ttygate session kill abc");
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^ttygate: no gateway runs [^\n]*systemctl status ttygate\.socket[^\n]*\n$/,
    );
    assertEquals(await server.property("ttygate.service", "ActiveState"), "inactive");
  });

  await t.step("a restart loop is broken, with its cause", async () => {
    await dropIn("[Service]\nExecStart=\nExecStart=/bin/false\n");
    await server.run("systemctl start --no-block ttygate.service");
    const restarts = () => server.property("ttygate.service", "NRestarts");
    await until(async () => Number(await restarts()) > 1);
    const { findings } = await doctor();
    const { status, message, mend } = findings.find(({ check }) => check === "ttygate.service")!;
    assertEquals(status, "fail");
    assertMatch(message, /^it does not start: systemd has restarted it \d+ times$/);
    assertMatch(mend!, /^it ended with exit status 1; see 'journalctl -u ttygate\.service/);
    await server.run("systemctl stop ttygate.service ttygate.socket");
    await dropIn("");
  });

  await t.step("a service that failed is told", async () => {
    await server.run(
      "mkdir -p /run/systemd/system/ttygate-sweep.service.d && " +
        "printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' " +
        "> /run/systemd/system/ttygate-sweep.service.d/x.conf && systemctl daemon-reload && " +
        "{ systemctl start ttygate-sweep.service || true; }",
    );
    assertEquals((await doctor()).of("ttygate-sweep.service"), ["fail: it failed"]);
  });
});
