/** The life of the service on a booted server: reload, restart, idle exit, watchdog, status. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { INSTALL_PROGRAM, INSTALL_UNITS } from "../support/by_hand.ts";
import { makeCertificate, shownCertificate } from "../support/certificate.ts";
import { DOCKER_SOCKET, htpasswdLine, until } from "../support/gateway.ts";
import { testImage } from "../support/image.ts";
import { rawHttp } from "../support/raw_http.ts";
import { run } from "../support/run.ts";
import { SystemdServer } from "../support/systemd_server.ts";
import { TestTerminal } from "../support/terminal.ts";

const CONFIG = "/etc/ttygate/ttygate.toml";
/** Requests that are made while the gateway restarts, and how many clients make them. */
const REQUESTS = 200, CLIENTS = 4;
/** Requests that are made while the gateway leaves and comes back all the time. */
const VISITS = 20;
const GET = (host: string) => `GET /login HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
/** A page whose last chunk, which is empty, has come (RFC 9112, section 7.1). */
const WHOLE_PAGE = /^HTTP\/1\.1 200 [\s\S]*<\/html>\s*\r\n0\r\n\r\n$/;

Deno.test("the service lives on through all that systemctl and time do to it", async (t) => {
  await using held = new AsyncDisposableStack();
  const server = held.use(await SystemdServer.boot());
  const host = `${server.address}:8080`;
  const origin = `http://${host}`;
  const otherImage = `ttygate-test-${server.instance}:latest`;
  const docker = (...args: string[]) =>
    run("docker", ["--host", `unix://${DOCKER_SOCKET}`, ...args]);
  assertEquals((await docker("tag", testImage(), otherImage)).code, 0);
  held.defer(async () => void await docker("rmi", otherImage));

  const write = (path: string, text: string, mode = "0640") =>
    server.run(`cat > ${path} && chgrp ttygate ${path} && chmod ${mode} ${path}`, text);
  const property = (name: string) => server.property("ttygate.service", name);
  const state = () => property("ActiveState");
  const journal = () => server.journal("_SYSTEMD_UNIT=ttygate.service");
  const statusText = () => property("StatusText");
  const names = async () => (await server.containers()).map(({ Names }) => Names[0]!.slice(1));
  /** Writes the configuration: these lines of each section above what is always the same. */
  const configure = (
    { gateway = "", session = "", container = `image = "${testImage()}"`, auth = "" } = {},
  ) =>
    write(
      CONFIG,
      `[docker]\ninstance = "${server.instance}"\n[pool]\nsize = 0\n[gateway]\n${gateway}\n` +
        `[session]\n${session}\n[container]\n${container}\n[auth]\n${auth}\n`,
    );
  const reloads = async () =>
    (await journal()).filter((line) => line.startsWith("reloaded the configuration")).length;
  const reload = async () => {
    const before = await reloads();
    await server.run("systemctl reload ttygate.service");
    await until(async () => await reloads() > before);
  };
  const logIn = async (username: string, password: string) => {
    const response = await fetch(`${origin}/login`, {
      method: "POST",
      body: new URLSearchParams({ username, password }),
      headers: { origin },
      redirect: "manual",
    });
    await response.body?.cancel();
    assertEquals(response.status, 303);
    return response.headers.getSetCookie()[0]!.split(";")[0]!;
  };
  let cookie = "";
  const page = async () => {
    const response = await fetch(`${origin}/`, { headers: { cookie }, redirect: "manual" });
    await response.body?.cancel();
    return response.status;
  };
  const openTerminal = () => TestTerminal.open({ origin }, { cookie });
  const comeBack = ({ session, offset }: TestTerminal) =>
    TestTerminal.open({ origin }, { cookie, query: { session, offset } });
  const leave = async (terminal: TestTerminal) => {
    terminal.type("exit\r");
    await terminal.closed;
    await until(async () => (await names()).length === 0);
  };

  await server.run(INSTALL_PROGRAM);
  await server.run(INSTALL_UNITS);
  await configure();
  await write("/etc/ttygate/htpasswd", await htpasswdLine("alice", "wonderland"));
  await server.run(
    "mkdir -p /etc/systemd/system/ttygate.socket.d && " +
      "cat > /etc/systemd/system/ttygate.socket.d/listen.conf && " +
      "systemctl daemon-reload && systemctl start ttygate.socket",
    "[Socket]\nListenStream=\nListenStream=0.0.0.0:8080\n",
  );
  cookie = await logIn("alice", "wonderland");

  await t.step("what Deno compiles is kept for the next start", async () => {
    const cache = "/var/cache/ttygate";
    assertEquals(await server.run(`stat -c %U ${cache}/v8_code_cache_v2`), "ttygate");
    assertEquals(await server.run(`ls ${cache}/gen`), "file");
  });

  await t.step("systemctl status says how many sessions there are", async () => {
    await using terminal = await openTerminal();
    await until(async () => await statusText() === "Serving 1 session, 0 shells ready");
    assertMatch(
      await server.run("systemctl status ttygate.service"),
      /Status: "Serving 1 session, 0 shells ready"/,
    );
    await leave(terminal);
    await until(async () => await statusText() === "Serving 0 sessions, 0 shells ready");
  });

  await t.step(
    "a reload under an open session: limits, users, image change, nobody is dropped",
    async () => {
      await using before = await openTerminal();
      await before.run("kept=yes");
      const pid = await property("MainPID");
      const users = await htpasswdLine("alice", "wonderland") +
        await htpasswdLine("bob", "builder");
      await write("/etc/ttygate/others", users.split("\n").slice(1).join("\n"));
      // Alice's login is bound to the very hash of her password.
      await server.run("cat /etc/ttygate/htpasswd >> /etc/ttygate/others");
      await configure({
        session: "max_per_user = 1",
        container: `image = "${otherImage}"\npids = 99`,
        auth: 'htpasswd = "/etc/ttygate/others"',
      });
      await reload();
      assertEquals([await state(), await property("MainPID")], ["active", pid]);
      assertEquals(await before.run("echo $kept"), "yes");
      const bob = await logIn("bob", "builder");
      await using after = await TestTerminal.open({ origin }, { cookie: bob });
      const { image, limits } = await after.event("ready");
      assertEquals([image, limits.pids], [otherImage, 99]);
      assertEquals(await page(), 200, "who was logged in still is");
      await using second = await TestTerminal.connect({ origin }, { cookie });
      assertEquals((await second.event("ended")).reason, "limit");
      after.type("exit\r");
      await after.closed;
      await leave(before);
    },
  );

  await t.step("a reload with a wrong file fails, says why, and leaves all as it was", async () => {
    await using terminal = await openTerminal();
    await write(CONFIG, `[docker]\ninstance = "${server.instance}"\n[container]\nmemroy = "1GB"\n`);
    const { code } = await server.try("systemctl reload ttygate.service");
    assertNotEquals(code, 0);
    const isTold = async (pattern: RegExp) => (await journal()).some((line) => pattern.test(line));
    await until(() => isTold(/^\/etc\/ttygate\/ttygate\.toml:4: container\.memroy: is no key/));
    assertEquals(await state(), "active");
    // Whoever sends the signal by hand finds it in the status.
    await server.run("systemctl kill --kill-whom=main --signal=HUP ttygate.service");
    const failed =
      "Serving 1 session, 0 shells ready; the last reload failed, the journal says why";
    await until(async () => await statusText() === failed);
    assert(await isTold(/^the configuration was not reloaded; the one before stays in effect/));
    assertEquals(await terminal.run("echo still here"), "still here");
    await configure();
    await reload();
    assertEquals(await statusText(), "Serving 1 session, 0 shells ready");
    await leave(terminal);
  });

  await t.step("of 200 requests made across a restart each gets a whole answer", async () => {
    await using before = await openTerminal();
    await before.run("kept=yes");
    const answers: string[] = [];
    let phase: "running" | "restarted" = "running";
    const client = async () => {
      while (phase === "running" || answers.length < REQUESTS) {
        answers.push((await rawHttp(host, GET(host))).text);
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    await until(() => answers.length > CLIENTS);
    await server.run("systemctl restart ttygate.service");
    phase = "restarted";
    await Promise.all(clients);
    assert(answers.length >= REQUESTS);
    assertEquals(answers.filter((answer) => !WHOLE_PAGE.test(answer)), []);
    await before.closed;
    await using after = await comeBack(before);
    assertEquals(await after.run("echo $kept"), "yes");
    await leave(after);
  });

  await t.step("a session keeps the gateway, and what it leaves behind does not", async () => {
    await configure({ gateway: 'idle_exit = "2s"' });
    await reload();
    await using terminal = await openTerminal();
    const pid = await property("MainPID");
    terminal.type("for i in 1 2 3 4 5; do sleep 1; echo tick $i; done\r");
    await terminal.see(/tick 5/);
    assertEquals(await property("MainPID"), pid);
    await leave(terminal);
    await until(async () => await state() === "inactive");
    assertEquals([await property("Result"), await property("NRestarts")], ["success", "0"]);
    assertEquals(await server.property("ttygate.socket", "ActiveState"), "active");
  });

  await t.step("the next connection starts it again, and nobody is logged out", async () => {
    assertEquals(await state(), "inactive");
    assertEquals(await page(), 200);
    assertEquals(await state(), "active");
    await until(async () => await state() === "inactive");
    await using terminal = await openTerminal();
    assertEquals(await terminal.run("echo started by a terminal"), "started by a terminal");
    await leave(terminal);
  });

  await t.step("failed log-ins do not keep it, and the next gateway knows of them", async () => {
    await configure({ gateway: 'idle_exit = "1s"', auth: 'fail_delay = "0s"' });
    await server.run("systemctl stop ttygate.service");
    const guess = async () => {
      const response = await fetch(`${origin}/login`, {
        method: "POST",
        body: new URLSearchParams({ username: "somebody", password: "guessed" }),
        headers: { origin },
      });
      await response.body?.cancel();
      return response.status;
    };
    for (let failure = 0; failure < 5; failure++) assertEquals(await guess(), 401);
    await until(async () => await state() === "inactive");
    assertEquals(await guess(), 429);
    await until(async () => await state() === "inactive");
  });

  await t.step(
    "connections made at the very moment of leaving are answered, by whichever",
    async () => {
      await configure({ gateway: 'idle_exit = "1ms"' });
      const answers: string[] = [];
      for (let visit = 0; visit < VISITS; visit++) {
        answers.push((await rawHttp(host, GET(host))).text);
        // Each comes a little later after the one before: while it leaves, is gone, or is coming.
        await new Promise((resolve) => setTimeout(resolve, visit * 6));
      }
      assertEquals(answers.filter((answer) => !WHOLE_PAGE.test(answer)), []);
      const starts = (await journal()).filter((line) => line.startsWith("leaving until somebody"));
      assert(starts.length > VISITS / 4, `it left ${starts.length} times`);
      await configure();
      await server.run("systemctl stop ttygate.service");
    },
  );

  await t.step(
    "a gateway whose loop is blocked is started again, and its sessions go on",
    async () => {
      await server.run(
        "mkdir -p /run/systemd/system/ttygate.service.d && " +
          "cat > /run/systemd/system/ttygate.service.d/watchdog.conf && systemctl daemon-reload",
        "[Service]\nWatchdogSec=4s\n",
      );
      await using before = await openTerminal();
      await before.run("kept=yes");
      const pid = await property("MainPID");
      await server.run(`kill -STOP ${pid}`);
      await before.closed;
      await using after = await comeBack(before);
      assertNotEquals(await property("MainPID"), pid);
      assertEquals(await after.run("echo $kept"), "yes");
      const told = await server.journal("UNIT=ttygate.service");
      assert(told.some((line) => /Watchdog timeout/.test(line)), told.join("\n"));
      await leave(after);
    },
  );

  await t.step(
    "a renewed certificate is shown after a reload, on the socket of systemd",
    async () => {
      const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
      try {
        const install = async (name: string) => {
          await makeCertificate(dir, name);
          for (const kind of ["crt", "key"]) {
            await write(
              `/etc/ttygate/tls.${kind}`,
              await Deno.readTextFile(`${dir}/${name}.${kind}`),
            );
          }
        };
        await install("first");
        await configure({
          gateway: 'tls_cert = "/etc/ttygate/tls.crt"\ntls_key = "/etc/ttygate/tls.key"',
        });
        await server.run("systemctl restart ttygate.service");
        assertEquals(await shownCertificate(host), "first");
        await install("second");
        await reload();
        assertEquals(await shownCertificate(host), "second");
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  );
});
