/** Proves that the Debian package installs, serves, upgrades and purges on a fresh server with Docker. */
import { assertEquals, assertMatch } from "@std/assert";
import { describeError } from "../../lib/log.ts";
import { EXECUTABLE, isBundled, PACKAGE, repack, VERSION_LINE } from "../support/build.ts";
import { addUserAndLogIn } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { TestTerminal } from "../support/terminal.ts";

const NEXT = "9.9.9";
const APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends";

Deno.test("the package on a fresh server with Docker", async (t) => {
  await using server = await bootDockerServer();
  const origin = `http://${server.address}:8080`;
  const states = (...units: string[]) =>
    Promise.all(units.map((unit) => server.property(unit, "ActiveState")));
  const containers = () => server.run("docker ps --all --quiet --filter label=ttygate.instance");
  const networks = () => server.run("docker network ls --quiet --filter label=ttygate.instance");
  // A connection for each request.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const login = async () => {
    const response = await fetch(`${origin}/login`, { client });
    await response.body?.cancel();
    return response.status;
  };
  /** What a machine that cannot pull Ubuntu changes, and who wants in from outside. */
  const configure = async () => {
    await server.run(
      `sed -i 's|^#image = .*|image = "${testImage()}"|' /etc/ttygate/ttygate.toml`,
    );
    await server.run("ttygate config check");
    await server.write(
      "/etc/systemd/system/ttygate.socket.d/override.conf",
      "[Socket]\nListenStream=\nListenStream=8080\n",
    );
    await server.run("systemctl daemon-reload && systemctl restart ttygate.socket");
  };
  /** Files that bear its name, but for what was brought there. */
  const leftovers = () =>
    server.run(
      "find / -xdev -name '*ttygate*' " + ["proc", "sys", "opt", "root", "var/lib/docker"]
        .map((dir) => `-not -path '/${dir}/*'`).join(" "),
    );
  let cookie = "";

  await server.bring(PACKAGE, "/root/ttygate.deb");

  await t.step("apt installs it, and the socket and the timer are there", async () => {
    const said = await server.run(`${APT} install /root/ttygate.deb`);
    assertMatch(said, /^ttygate: 'ttygate user add NAME' lets somebody in, on http:/m);
    assertMatch(said, /^ttygate: 'ttygate doctor' pulls the image and says what is missing;/m);
    assertEquals(await states("ttygate.socket", "ttygate-sweep.timer", "ttygate.service"), [
      "active",
      "active",
      "inactive",
    ]);
    assertEquals(
      await server.run("systemctl is-enabled ttygate.socket ttygate-sweep.timer"),
      "enabled\nenabled",
    );
    assertEquals(await server.run("ttygate version"), VERSION_LINE);
    assertEquals(await server.run("id -nG ttygate"), "ttygate");
    assertEquals(await server.run("stat -c '%a %U %G' /etc/ttygate"), "2750 root ttygate");
  });

  await t.step("dpkg finds every file as it was packed, and systemd every unit right", async () => {
    await server.run("runuser -u ttygate -- ttygate version && ttygate config show");
    assertEquals(await server.run("dpkg --verify ttygate"), "");
    const { code, stdout, stderr } = await server.try(
      "systemd-analyze verify $(dpkg -L ttygate | grep '/systemd/system/ttygate[^/]*[.][^d/]*$')",
    );
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  });

  await t.step("a user added with one command logs in and uses a shell", async () => {
    await configure();
    cookie = await addUserAndLogIn(server, origin, "alice");
    assertEquals(
      await server.run("stat -c '%a %U %G' /etc/ttygate/htpasswd"),
      "640 root ttygate",
    );
    await using terminal = await TestTerminal.open({ origin }, { cookie });
    assertEquals(await terminal.run("echo $((6 * 7))"), "42");
    // In its sandbox it sees how much is free where Docker has its data, and so keeps to the limit.
    assertEquals((await terminal.event("ready")).limits.disk, 1024 ** 3);
    assertMatch(await server.run("ttygate session list"), /\balice\b/);
    // The process that faces the internet has no way to Docker.
    assertEquals(await server.groups("ttygate"), ["ttygate"]);
    assertEquals(await server.groups("ttygate-agent"), ["docker", "ttygate", "ttygate-agent"]);
    terminal.type("exit\r");
    assertEquals((await terminal.event("ended")).reason, "exit");
  });

  await t.step("the doctor finds nothing broken, and that containers are kept in", async () => {
    const { code, stdout, stderr } = await server.try("ttygate doctor --json");
    const findings: { check: string; status: string }[] = JSON.parse(stdout);
    assertEquals(findings.filter(({ status }) => status === "fail"), [], stderr);
    assertEquals(code, 0);
    const kept = ["server's services", "private networks", "ttygate-egress.service"];
    const of = (check: string) => findings.find((finding) => finding.check === check)?.status;
    assertEquals(kept.map(of), ["ok", "ok", "ok"], stdout);
  });

  await t.step("a session does not reach the server, before it is allowed", async () => {
    await using terminal = await TestTerminal.open({ origin }, { cookie });
    const reaches = () =>
      terminal.run(
        `timeout 3 bash -c ': <>/dev/tcp/${server.address}/8080' 2>/dev/null && echo yes || echo no`,
      );
    assertEquals(await reaches(), "no");
    // What takes every rule of the server away brings these back, at once or soon.
    for (const verb of ["start", "reload", "restart"]) {
      await server.run(`systemctl ${verb} nftables.service`);
      await until(async () => await reaches() === "no");
    }
    const allow = "add rule inet ttygate allowed tcp dport 8080 accept";
    await server.run(`echo '${allow}' >> /etc/ttygate/egress.nft`);
    await server.run("systemctl reload ttygate-egress.service");
    assertEquals(await reaches(), "yes");
    await server.run(
      "sed -i '$d' /etc/ttygate/egress.nft; systemctl reload ttygate-egress.service",
    );
    assertEquals(await reaches(), "no");
    terminal.type("exit\r");
    await terminal.closed;
    // Docker's own rules went with the others.
    await server.run("systemctl restart docker.service");
  });

  await t.step("an upgrade keeps the session, and refuses no connection", async () => {
    const next = await Deno.makeTempFile({ prefix: "ttygate-test-", suffix: ".deb" });
    try {
      await repack(NEXT, next);
      await server.bring(next, "/root/next.deb");
    } finally {
      await Deno.remove(next);
    }
    await using before = await TestTerminal.open({ origin }, { cookie });
    await before.run("kept=yes");
    let done = false;
    const upgrade = server.run(`${APT} install /root/next.deb`).finally(() => done = true);
    const answers = new Set<string>();
    while (!done) answers.add(await login().then(String, describeError));
    await upgrade;
    assertEquals([...answers], ["200"]);
    assertEquals((await before.closed).code, 1012);
    const { session, offset } = before;
    await using after = await TestTerminal.open({ origin }, { cookie, query: { session, offset } });
    assertEquals(await after.run("echo $kept"), "yes");
    assertEquals(await server.run("dpkg-query -W -f '${Version}' ttygate"), NEXT);
    const deno = await server.run(
      'readlink "/proc/$(systemctl show --value -p MainPID ttygate.service)/exe"',
    );
    assertEquals(deno, isBundled ? "/usr/lib/ttygate/deno" : "/usr/bin/ttygate");
    // The administrator's configuration stayed, and nobody was asked about it.
    assertMatch(await server.run("ttygate config show"), new RegExp(`image = "${testImage()}"`));
  });

  await t.step("what an administrator disabled stays disabled over an upgrade", async () => {
    await server.run("systemctl disable --now ttygate-sweep.timer");
    await server.run(`${APT} install --allow-downgrades /root/ttygate.deb`);
    assertEquals(await states("ttygate-sweep.timer", "ttygate.socket"), ["inactive", "active"]);
    await server.run("systemctl enable --now ttygate-sweep.timer");
  });

  await t.step("removed it ends its sessions, and keeps users and configuration", async () => {
    await using terminal = await TestTerminal.open({ origin }, { cookie });
    await server.run(`${APT} remove ttygate`);
    assertEquals((await terminal.event("ended")).reason, "shutdown");
    assertEquals(await containers(), "");
    assertEquals(await server.run("ls /etc/ttygate"), "egress.nft\nhtpasswd\nttygate.toml");
    assertEquals((await server.try("test -e /usr/lib/ttygate")).code, 1);
    // And comes back as it was.
    await server.run(`${APT} install /root/ttygate.deb`);
    await until(async () => await login() === 200);
    assertEquals((await fetch(origin, { headers: { cookie }, redirect: "manual" })).status, 200);
  });

  await t.step("purged with a session open it leaves nothing but its users' numbers", async () => {
    await using terminal = await TestTerminal.open({ origin }, { cookie });
    const labels = { instance: "default", role: "session", session: "orphan", user: "nobody" };
    await server.run(
      "docker create --name ttygate-orphan " +
        Object.entries(labels).map(([key, value]) => `--label ttygate.${key}=${value}`).join(" ") +
        ` ${testImage()}`,
    );
    await server.run(`${APT} purge ttygate`);
    assertEquals((await terminal.event("ended")).reason, "shutdown");
    assertEquals(await containers(), "");
    assertEquals(await networks(), "");
    assertEquals(await leftovers(), "");
    assertEquals(await server.run("nft list tables | grep ttygate || true"), "");
    // Its slice goes when systemd has nothing left to remember of it.
    let units = "";
    const gone = async () =>
      (units = await server.run("systemctl list-units --all --plain --no-legend 'ttygate*'")) ===
        "";
    await until(gone).catch(() => {});
    assertEquals(units, "");
    assertMatch(await server.run("getent passwd ttygate"), /:\/usr\/sbin\/nologin$/);
  });

  await t.step(
    "where there is no package, the executable installs itself, and goes again",
    async () => {
      await server.bring(EXECUTABLE, "/root/ttygate");
      const told = await server.run("/root/ttygate install");
      const commands = Array.from(told.matchAll(/^ {2}(\S.*)$/gm), ([, command]) => command!);
      assertEquals(commands.pop(), "ttygate user add NAME");
      for (const command of commands) await server.run(command);
      assertEquals(await server.run("command -v ttygate"), "/usr/local/bin/ttygate");
      await configure();
      cookie = await addUserAndLogIn(server, origin, "bob");
      await using terminal = await TestTerminal.open({ origin }, { cookie });
      assertEquals(await terminal.run("echo $((6 * 7))"), "42");

      const { code, stderr } = await server.try("ttygate uninstall");
      assertEquals(code, 1);
      // It says what is to be done first.
      await server.run(/'(systemctl disable [^']+)'/.exec(stderr)![1]!);
      assertEquals((await terminal.event("ended")).reason, "shutdown");
      await server.run("ttygate uninstall --purge && systemctl daemon-reload");
      await server.run("rm -r /etc/systemd/system/ttygate.socket.d");
      assertEquals(await containers(), "");
      assertEquals(await networks(), "");
      assertEquals(await server.run("nft list tables | grep ttygate || true"), "");
      assertEquals(await leftovers(), "");
    },
  );
});
