/** Proves what the units promise on a server with a Docker Engine of its own. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { get } from "node:https";
import { addUserAndLogIn, installByHand, postLogin } from "../support/by_hand.ts";
import { bootDockerServer } from "../support/docker_server.ts";
import { until } from "../support/gateway.ts";
import { run } from "../support/run.ts";
import { SshHome } from "../support/ssh_client.ts";
import { TestTerminal } from "../support/terminal.ts";

const UNITS = [
  ...["ttygate.socket", "ttygate-admin.socket", "ttygate.service", "ttygate.slice"],
  ...["ttygate-sweep.service", "ttygate-sweep.timer", "ttygate-egress.service"],
  ...["ttygate-agent.socket", "ttygate-ssh.socket"],
];

/** The most that `systemd-analyze security` may find, of 10; a firewall is the server's own. */
const EXPOSURES = {
  "ttygate.service": 1.0,
  "ttygate-sweep.service": 1.0,
  "ttygate-egress.service": 1.5,
};

/** Fetches from the server itself, which has no other client; prints the status. */
const fetchFrom = (url: string) =>
  `/opt/ttygate/scripts/deno eval 'console.log((await fetch("${url}")).status)'`;

Deno.test("the units on a server with Docker's systemd cgroup driver", async (t) => {
  await using server = await bootDockerServer();
  const { origin } = await installByHand(server, { config: "[session]\nmax_per_user = 20\n" });
  const state = (unit: string) => server.property(unit, "ActiveState");
  const containers = () => server.run("docker ps --all --quiet --no-trunc");
  let cookie = "";
  const openTerminal = () => TestTerminal.open({ origin }, { cookie });

  await t.step("systemd has nothing to say against them", async () => {
    const { code, stdout, stderr } = await server.try(`systemd-analyze verify ${UNITS.join(" ")}`);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  });

  for (const [unit, most] of Object.entries(EXPOSURES)) {
    await t.step(`the exposure of ${unit} is at most ${most}`, async () => {
      const text = await server.run(`systemd-analyze security --no-pager ${unit}`);
      const exposure = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(text)?.[1]);
      assert(exposure <= most, text);
    });
  }

  await t.step("to ask for the sessions starts no gateway, nor does its socket", async () => {
    assertEquals(await state("ttygate-admin.socket"), "inactive");
    for (const [json, nothing] of [["", /^SESSION .*VIEWER$/], ["--json", /^\[\]$/]] as const) {
      const { code, stdout, stderr } = await server.try(`ttygate session list ${json}`);
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout.trim(), nothing);
    }
    const { code, stderr } = await server.try("ttygate session show abc");
    assertEquals(code, 1);
    assertMatch(stderr, /no gateway runs that answers on \/run\/ttygate\/admin\.sock/);
    assertEquals(await server.run("ttygate session kill --user alice"), "alice has no session");
    assertMatch((await server.try("systemctl start ttygate-admin.socket")).stderr, /refused/);
    assertEquals([await state("ttygate.service"), await state("ttygate-admin.socket")], [
      "inactive",
      "inactive",
    ]);
  });

  await t.step("in its sandbox the gateway lets people in and serves their shells", async () => {
    cookie = await addUserAndLogIn(server, origin, "alice");
    await using terminal = await openTerminal();
    assertEquals(await terminal.run("echo $((6 * 7))"), "42");
    const { stdout } = await server.try("ttygate session list --json");
    assertEquals(JSON.parse(stdout).map(({ user }: { user: string }) => user), ["alice"]);
    const pid = await server.property("ttygate.service", "MainPID");
    const status = await server.run(`cat /proc/${pid}/status`);
    assertMatch(status, /^CapBnd:\t0+$/m);
    assertMatch(status, /^Seccomp:\t2$/m);
    // It has no address but the loopback's, and that is down.
    assertMatch(await server.run(`cat /proc/${pid}/net/dev`), /^[^\n]*\n[^\n]*\n *lo:[ 0]*$/);
    terminal.type("exit\r");
    await terminal.closed;
  });

  await t.step("it still sees how much memory is left for ready shells", async () => {
    const pid = await server.property("ttygate.service", "MainPID");
    const meminfo = await server.run(`nsenter --target ${pid} --mount cat /proc/meminfo`);
    assertMatch(meminfo, /^MemAvailable:/m);
  });

  await t.step("systemctl status ttygate.slice shows every session and ready shell", async () => {
    await using _one = await openTerminal();
    await using _two = await openTerminal();
    // The two that are kept ready come again, and are made before they run.
    await until(async () => {
      const running = (await server.run("docker ps --quiet --no-trunc")).split("\n");
      const status = await server.run("systemctl status --no-pager ttygate.slice");
      return running.length === 4 && running.every((id) => status.includes(`docker-${id}.scope`));
    });
  });

  await t.step("MemoryMax= on the slice bounds sessions together", async () => {
    await server.run("systemctl restart ttygate.service");
    await using one = await openTerminal();
    await using two = await openTerminal();
    await server.run("systemctl set-property --runtime ttygate.slice MemoryMax=150M");
    // Each may take 200 MB for itself; tail keeps what it reads until the end.
    const take = "exec 3< <(head -c 100m /dev/zero; sleep infinity); tail <&3 >/dev/null & P=$!";
    const isDead = (terminal: TestTerminal) =>
      terminal.run("kill -0 $P 2>/dev/null && echo lives || echo dead");
    const used = async () => Number(await server.property("ttygate.slice", "MemoryCurrent"));
    await one.run(take);
    await until(async () => await used() > 100_000_000);
    assertEquals(await isDead(one), "lives");
    await two.run(take);
    await until(async () => [await isDead(one), await isDead(two)].includes("dead"));
    assertEquals([await isDead(one), await isDead(two)].toSorted(), ["dead", "lives"]);
    await server.run("systemctl revert ttygate.slice 2>/dev/null");
  });

  await t.step("the admin socket stays over a restart and goes with the gateway", async () => {
    await server.run("systemctl restart ttygate.service");
    assertEquals(await state("ttygate-admin.socket"), "active");
    assertEquals((await server.try("ttygate session list --json")).code, 0);
    await server.run("systemctl kill --kill-whom=main --signal=KILL ttygate.service");
    // Asked while there is none: it waits for the next one instead of starting a second.
    await until(async () => (await server.try("ttygate session list --json")).code === 0);
    await server.run("systemctl stop ttygate.service");
    await until(async () => await state("ttygate-admin.socket") === "inactive");
    assertEquals((await server.try("test -e /run/ttygate/admin.sock")).code, 1);
    assertEquals(await server.run("ttygate session list --json"), "[]");
    assertEquals([await state("ttygate.service"), await state("ttygate.socket")], [
      "inactive",
      "active",
    ]);
    assertEquals(await containers(), "");
  });

  await t.step(
    "asked without pause while the gateway leaves, its socket starts no other",
    async () => {
      await server.run("systemctl start ttygate.service");
      await server.write("/tmp/ask.ts", ASKING);
      const asking = server.run("/opt/ttygate/scripts/deno run -A /tmp/ask.ts");
      await until(async () => (await server.try("test -e /tmp/asked")).code === 0);
      await server.run("systemctl kill --kill-whom=main --signal=TERM ttygate.service");
      await asking;
      assertEquals([await state("ttygate.service"), await state("ttygate-admin.socket")], [
        "inactive",
        "inactive",
      ]);
      assertEquals(await server.property("ttygate.service", "NRestarts"), "0");
    },
  );

  await t.step(
    "SSH is closed as shipped; the two commands of docs/ssh.md open it, and end nothing",
    async () => {
      assertEquals(await state("ttygate-ssh.socket"), "inactive");
      await using before = await openTerminal();
      for (const unit of ["sockets.target", "ttygate.service"]) {
        await server.run(`systemctl add-wants ${unit} ttygate-ssh.socket`);
      }
      await server.run("systemctl restart ttygate.service");
      assertEquals(await state("ttygate-ssh.socket"), "active");
      await using home = new SshHome();
      await using client = home.open(2222, "alice", ["-tt"], {
        password: "wonderland",
        host: server.address,
      });
      await client.see(/[#$] $/);
      await client.type("exit 4\r");
      assertEquals(await client.status(), 4);
      await using back = await TestTerminal.open({ origin }, {
        cookie,
        query: { session: before.session, offset: 0 },
      });
      assertEquals(await back.run("echo $((6 * 7))"), "42");
      back.type("exit\r");
      await back.closed;
      await server.run("systemctl disable --now ttygate-ssh.socket");
      await server.run("systemctl restart ttygate.service");
      assertEquals(await state("ttygate-ssh.socket"), "inactive");
      await server.run("systemctl stop ttygate.service");
    },
  );

  await t.step("in its sandbox the sweep removes what nobody owns", async () => {
    const label = `--label ttygate.instance=${server.instance}`;
    await server.run(`docker create ${label} ttygate/base:latest`);
    await server.run("systemctl start ttygate-sweep.service");
    assertEquals(await containers(), "");
  });

  await t.step("as shipped, the socket answers on the loopback of both families", async () => {
    const dropIn = "/etc/systemd/system/ttygate.socket.d/listen.conf";
    await server.run(`mv ${dropIn} /root && systemctl daemon-reload`);
    await server.run("systemctl restart ttygate.socket");
    assertEquals(
      await server.property("ttygate.socket", "Listen"),
      "127.0.0.1:8080 (Stream)\n[::1]:8080 (Stream)",
    );
    assertEquals(await server.run(fetchFrom("http://127.0.0.1:8080/healthz")), "200");
    // Docker gives the containers of many servers no IPv6, and then [::1] is not there.
    const hasIpv6 = (await server.try("grep -q ' lo$' /proc/net/if_inet6")).code === 0;
    if (hasIpv6) assertEquals(await server.run(fetchFrom("http://[::1]:8080/healthz")), "200");
    await assertRejects(() => fetch(`${origin}/healthz`), TypeError);
    await server.run(`mv /root/listen.conf ${dropIn} && systemctl daemon-reload`);
    await server.run("systemctl restart ttygate.socket");
  });

  await t.step("the Unix socket that the unit has as comments serves a proxy", async () => {
    await server.write(
      "/etc/systemd/system/ttygate.socket.d/unix.conf",
      `[Socket]\n${await commentedIn("ttygate.socket", /^(ListenStream|Socket\w+)=/)}`,
    );
    await server.run("systemctl daemon-reload && systemctl restart ttygate.socket");
    const mode = await server.run("stat -c '%a %U %G' /run/ttygate/web.sock");
    assertEquals(mode, "660 root www-data");
    await server.write("/tmp/proxy.ts", AS_PROXY);
    assertEquals(await server.run("/opt/ttygate/scripts/deno run -A /tmp/proxy.ts"), "401");
    await until(async () =>
      (await server.journal("TTYGATE_EVENT=login-refused")).some((line) =>
        line === "log-in refused unknown=true remote=192.0.2.7 why=denied"
      )
    );
    await server.run("rm /etc/systemd/system/ttygate.socket.d/unix.conf");
    await server.run("systemctl daemon-reload && systemctl restart ttygate.socket");
  });

  await t.step("files that root alone may read come as credentials", async () => {
    const live = "/etc/letsencrypt/live/NAME";
    const { cert, key } = await makeCertificate();
    await server.write(`${live}/fullchain.pem`, cert);
    await server.write(`${live}/privkey.pem`, key);
    await server.run(
      `chown root:root /etc/ttygate/htpasswd && chmod 600 /etc/ttygate/htpasswd ${live}/*`,
    );
    await until(async () => (await postLogin(origin, "alice", "wonderland")).status === 503);
    const lines = await commentedIn("ttygate.service", /^(LoadCredential|Environment)=/);
    await server.write("/etc/systemd/system/ttygate.service.d/files.conf", `[Service]\n${lines}`);
    await server.run("systemctl daemon-reload && systemctl restart ttygate.service");
    const secure = origin.replace("http:", "https:");
    const answer = await fetchInsecurely(`${secure}/api/v1/sessions`, "alice:wonderland");
    assertEquals(answer, 200);
  });

  /** The lines of a unit that are comments and match. */
  async function commentedIn(unit: string, pattern: RegExp): Promise<string> {
    const text = await server.run(`cat /etc/systemd/system/${unit}`);
    const lines = text.split("\n").filter((line) => line.startsWith("#"))
      .map((line) => line.slice(1)).filter((line) => pattern.test(line));
    assert(lines.length > 1, text);
    return lines.map((line) => `${line}\n`).join("");
  }
});

/** Connects to the admin socket again and again until it is gone. */
const ASKING = `
const path = "/run/ttygate/admin.sock";
for (;;) {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    Deno.writeTextFileSync("/tmp/asked", "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) break;
  }
}
`;

/** A reverse proxy on the server, which passes on a log-in and prints the answer's status. */
const AS_PROXY = `
const client = Deno.createHttpClient({
  proxy: { transport: "unix", path: "/run/ttygate/web.sock" },
});
const response = await fetch("http://127.0.0.1/login", {
  client,
  method: "POST",
  body: new URLSearchParams({ username: "no one", password: "guess" }),
  headers: { origin: "http://127.0.0.1", "x-forwarded-for": "192.0.2.7" },
});
console.log(response.status);
`;

/** A certificate and its key, PEM. */
async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const { code, stdout, stderr } = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", "-", "-days", "2", "-subj", "/CN=server"],
  ]);
  if (code !== 0) throw new Error(`Cannot make a certificate: ${stderr}`);
  const pem = (what: string) =>
    new RegExp(`-----BEGIN ${what}-----[^-]*-----END ${what}-----`).exec(stdout)![0] + "\n";
  return { cert: pem("CERTIFICATE"), key: pem("PRIVATE KEY") };
}

/** The status of a request over TLS to a server whose certificate nobody vouches for. */
function fetchInsecurely(url: string, auth: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  get(url, { auth, rejectUnauthorized: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).once("error", reject);
  return promise;
}
