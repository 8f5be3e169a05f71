import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { dockerEvent } from "../support/docker_event.ts";
import { addUserAndLogIn, installByHand } from "../support/by_hand.ts";
import { until } from "../support/gateway.ts";
import { SystemdServer } from "../support/systemd_server.ts";
import { TestTerminal } from "../support/terminal.ts";

/** The first sweep of the timer comes within its minute; the rest is for the sweep itself. */
const TIMER_MS = 80_000;

Deno.test("installed by hand on a server with systemd", async (t) => {
  await using server = await SystemdServer.boot();
  // Its containers are counted.
  const { config, origin } = await installByHand(server, { config: "[pool]\nsize = 0\n" });
  const mainPid = () => server.property("ttygate.service", "MainPID");
  const state = (unit: string) => server.property(unit, "ActiveState");
  const names = async () => (await server.containers()).map(({ Names }) => Names[0]!.slice(1));
  const status = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(origin + path, { redirect: "manual", ...init });
    await response.body?.cancel();
    return response.status;
  };

  let cookie = "";
  const page = () => status("/", { headers: { cookie } });
  const openTerminal = () => TestTerminal.open({ origin }, { cookie });
  const comeBack = ({ session, offset }: TestTerminal) =>
    TestTerminal.open({ origin }, { cookie, query: { session, offset } });

  await t.step("nothing of the gateway runs until somebody connects", async () => {
    assertEquals(await state("ttygate.socket"), "active");
    assertEquals([await state("ttygate.service"), await mainPid()], ["inactive", "0"]);
  });

  await t.step("the first connections start it, and none is refused", async () => {
    const all = Array.from({ length: 10 }, () => status("/login"));
    assertEquals(await Promise.all(all), Array(10).fill(200));
    // Type=notify: active is what it says of itself, in the one process that systemd started.
    await until(async () => await state("ttygate.service") === "active");
    assertEquals(await server.run(`cat /proc/${await mainPid()}/comm`), "deno");
    assertMatch(
      await server.run("systemctl status ttygate.service"),
      /Status: "Serving 0 sessions, 0 shells ready"/,
    );
  });

  await t.step("its lines are in the journal under their priorities, and no others", async () => {
    const of = "_SYSTEMD_UNIT=ttygate.service";
    await until(async () => (await server.journal(of)).some((line) => line.startsWith("looked")));
    // The look for what was left behind goes on beside the start, so its line may come at any time.
    assertEquals((await server.journal(`-p info..info ${of}`)).toSorted(), [
      "listening on [::]:8080 listener=web",
      "listening on an inherited socket listener=admin",
      "looked for containers left behind found=0",
      `ttygate is ready instance=${server.instance}`,
    ]);
    const warnings = await server.journal(`-p warning ${of}`);
    assertEquals(warnings.length, 1);
    assertMatch(warnings[0]!, /^nobody can log in yet error="Cannot read \/etc\/ttygate\/htpasswd/);
    assertEquals((await server.journal(of)).length, 5);
  });

  await t.step("a user added on the server logs in", async () => {
    cookie = await addUserAndLogIn(server, origin, "alice");
    const mode = await server.run("stat -c '%a %U %G' /etc/ttygate/htpasswd");
    assertEquals(mode, "640 root ttygate");
    assertEquals(await page(), 200);
  });

  await t.step("within its minute the timer sweeps, and spares a live session", async () => {
    await using terminal = await openTerminal();
    const orphan = await server.makeOrphan("timer");
    const since = Date.now() / 1000;
    assertEquals(await terminal.run("echo $((6 * 7))"), "42");
    const signal = AbortSignal.timeout(TIMER_MS);
    await dockerEvent(server.docker, { container: orphan, action: "destroy", since, signal });
    assertNotEquals(await server.property("ttygate-sweep.timer", "LastTriggerUSec"), "");
    assertEquals(await terminal.run("echo spared"), "spared");
    terminal.type("exit\r");
    assertEquals((await terminal.event("ended")).reason, "exit");
    await until(async () => (await names()).length === 0);
    // From here on only those sweep that a step starts.
    await server.run("systemctl stop ttygate-sweep.timer ttygate-sweep.service");
  });

  await t.step(
    "a sweep started by hand tells what it removed and spares a live session",
    async () => {
      await using terminal = await openTerminal();
      const orphan = await server.makeOrphan("hand");
      await server.run("systemctl start ttygate-sweep");
      assertEquals(await names(), [`ttygate-${terminal.session}`]);
      const told = await server.journal("-p notice..notice _SYSTEMD_UNIT=ttygate-sweep.service");
      assert(told.some((line) => line.startsWith(`removed ${orphan} `)), told.join("\n"));
      assertEquals(await terminal.run("echo spared"), "spared");
      terminal.type("exit\r");
      await until(async () => (await names()).length === 0);
    },
  );

  await t.step(
    "systemctl stop ends a session with reason shutdown and leaves no container",
    async () => {
      await using terminal = await openTerminal();
      await server.run("systemctl stop ttygate.service");
      assertEquals((await terminal.event("ended")).reason, "shutdown");
      assertEquals((await terminal.closed).code, 1000);
      assertEquals(await names(), []);
      assertEquals(await server.property("ttygate.service", "Result"), "success");
    },
  );

  await t.step(
    "the socket outlives it: the next request starts it, and the login holds",
    async () => {
      assertEquals([await state("ttygate.service"), await state("ttygate.socket")], [
        "inactive",
        "active",
      ]);
      assertEquals(await page(), 200);
      assertEquals(await state("ttygate.service"), "active");
    },
  );

  await t.step("many restarts in a row do not cost the socket", async () => {
    for (let i = 0; i < 8; i++) {
      await server.run("systemctl restart ttygate.service");
      assertEquals(await page(), 200);
    }
  });

  await t.step("systemctl restart leaves the sessions to the next gateway", async () => {
    await using before = await openTerminal();
    await before.run("kept=yes");
    const [killed, screen] = [await mainPid(), before.offset];
    await server.run("systemctl restart ttygate.service");
    assertEquals((await before.closed).code, 1012);
    assertNotEquals(await mainPid(), killed);
    await using after = await comeBack(before);
    assertEquals((await after.event("ready")).offset, screen);
    assertEquals(await after.run("echo $kept"), "yes");
    after.type("exit\r");
    await after.closed;
    await until(async () => (await names()).length === 0);
  });

  await t.step(
    "after kill -9 systemd starts it again, and it goes on with the session",
    async () => {
      await using before = await openTerminal();
      await before.run("kept=yes");
      const killed = await mainPid();
      await server.run("systemctl kill --kill-whom=main --signal=KILL ttygate.service");
      // A sweep at the worst moment spares it.
      const swept = server.run("systemctl start ttygate-sweep");
      await before.closed;
      await using after = await comeBack(before);
      assertNotEquals(await mainPid(), killed);
      assertEquals(await after.run("echo $kept"), "yes");
      await swept;
      assertEquals(await after.run("echo $kept"), "yes");
      after.type("exit\r");
      await after.closed;
      await until(async () => (await names()).length === 0);
    },
  );

  await t.step("what a dead gateway left is removed by the sweep", async () => {
    const dropIn = "/run/systemd/system/ttygate.service.d/stay-dead.conf";
    await server.write(dropIn, "[Service]\nRestart=no\n");
    await server.run("systemctl daemon-reload");
    await using terminal = await openTerminal();
    await server.run("systemctl kill --kill-whom=main --signal=KILL ttygate.service");
    await terminal.closed;
    await until(async () => await state("ttygate.service") === "failed");
    await server.run("systemctl stop ttygate.socket ttygate.service");
    assertEquals(await names(), [`ttygate-${terminal.session}`]);
    await server.run("systemctl start ttygate-sweep");
    assertEquals(await names(), []);
    await server.run(`rm ${dropIn} && systemctl daemon-reload`);
  });

  await t.step(
    "with a mistake in its configuration it tries again until that is mended",
    async () => {
      await server.write(
        "/etc/ttygate/ttygate.toml",
        config.replace("[pool]", "memroy = 1\n[pool]"),
      );
      await server.run("systemctl start ttygate.socket");
      const waiting = page();
      const isTold = async () =>
        (await server.journal("-p err _SYSTEMD_UNIT=ttygate.service")).some((line) =>
          /ttygate\.toml:5: container\.memroy/.test(line)
        );
      await until(isTold);
      await server.write("/etc/ttygate/ttygate.toml", config);
      assertEquals(await waiting, 200);
    },
  );

  await t.step("stopping the socket stops all of it, with no container left", async () => {
    await using terminal = await openTerminal();
    await server.run("systemctl stop ttygate.socket");
    assertEquals((await terminal.event("ended")).reason, "shutdown");
    assertEquals(await state("ttygate.service"), "inactive");
    await assertRejects(page, TypeError);
    assertEquals(await names(), []);
  });
});
