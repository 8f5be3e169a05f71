/** Proves that what happens is found in the journal by its fields. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { addUserAndLogIn, installByHand, postLogin } from "../support/by_hand.ts";
import { until } from "../support/gateway.ts";
import { SystemdServer } from "../support/systemd_server.ts";
import { TestTerminal } from "../support/terminal.ts";

/** An entry as `journalctl -o json` has it. */
type Entry = Readonly<Record<string, string | undefined>>;

Deno.test("the journal on a server with systemd", async (t) => {
  await using server = await SystemdServer.boot();
  const config = '[pool]\nsize = 0\n[auth]\nfail_delay = "0s"\n';
  const { origin } = await installByHand(server, { config });
  await server.run("systemctl stop ttygate-sweep.timer");
  /** Entries that match, once there are so many. */
  const entries = async (filter: string, count: number): Promise<Entry[]> => {
    let found: Entry[] = [];
    await until(async () => {
      const text = await server.run(`journalctl --sync && journalctl -q -o json ${filter}`);
      found = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
      return found.length >= count;
    });
    assertEquals(found.length, count, JSON.stringify(found));
    return found;
  };
  const eventsOf = (found: readonly Entry[]) => found.map(({ TTYGATE_EVENT }) => TTYGATE_EVENT);
  const remote = server.gateway;
  let cookie = "";

  await t.step("journalctl TTYGATE_USER=alice tells her log-in and her session", async () => {
    cookie = await addUserAndLogIn(server, origin, "alice");
    const terminal = await TestTerminal.open({ origin }, { cookie });
    terminal.type("exit 3\r");
    await terminal.closed;
    const found = await entries("TTYGATE_USER=alice", 3);
    assertEquals(eventsOf(found), ["login", "session-start", "session-end"]);
    for (const entry of found) {
      assertEquals(entry.PRIORITY, "6");
      assertEquals(entry.SYSLOG_IDENTIFIER, "ttygate");
      assertEquals(entry._SYSTEMD_UNIT, "ttygate.service");
    }
    const [login, start, end] = found as [Entry, Entry, Entry];
    assertEquals([login.MESSAGE, login.TTYGATE_REMOTE], [
      `logged in user=alice remote=${remote}`,
      remote,
    ]);
    assertEquals([start.TTYGATE_SESSION, start.TTYGATE_REMOTE], [terminal.session, remote]);
    assertEquals([end.TTYGATE_SESSION, end.TTYGATE_REASON, end.TTYGATE_EXIT_CODE], [
      terminal.session,
      "exit",
      "3",
    ]);
    assertMatch(end.TTYGATE_SECONDS!, /^\d+$/);
    assertEquals(end.TTYGATE_INPUT_BYTES, String("exit 3\r".length));
    assertEquals(end.TTYGATE_OUTPUT_BYTES, String(terminal.offset));
    assertMatch(end.MESSAGE!, /^session ended session=\S+ user=alice reason=exit exitCode=3 /);
  });

  await t.step("a refused log-in names the user, but no name that nobody has", async () => {
    await postLogin(origin, "alice", "rabbit-hole");
    await postLogin(origin, "hunter2hunter2", "alice");
    const found = await entries("TTYGATE_EVENT=login-refused", 2);
    assertEquals(found.map(({ TTYGATE_USER }) => TTYGATE_USER), ["alice", undefined]);
    assertEquals(found.map(({ TTYGATE_WHY }) => TTYGATE_WHY), ["denied", "denied"]);
    assertEquals(found.map(({ TTYGATE_REMOTE }) => TTYGATE_REMOTE), [remote, remote]);
    assertEquals(found.map(({ PRIORITY }) => PRIORITY), ["5", "5"]);
    const all = await server.run("journalctl -o export");
    assert(!/hunter2hunter2|rabbit-hole/.test(all), "what was typed is in the journal");
  });

  await t.step(
    "a session that an administrator ends tells whose it was and who did it",
    async () => {
      const terminal = await TestTerminal.open({ origin }, { cookie });
      await server.run(`ttygate session kill ${terminal.session}`);
      await terminal.closed;
      const [kill] = await entries("TTYGATE_EVENT=session-kill", 1) as [Entry];
      assertEquals([kill.TTYGATE_SESSION, kill.TTYGATE_USER, kill.TTYGATE_BY, kill.PRIORITY], [
        terminal.session,
        "alice",
        "root",
        "5",
      ]);
      const [end] = await entries(
        `TTYGATE_SESSION=${terminal.session} TTYGATE_EVENT=session-end`,
        1,
      ) as [Entry];
      assertEquals(end.TTYGATE_REASON, "killed");
    },
  );

  await t.step("a sweep tells what it removed, under its own unit", async () => {
    const orphan = await server.makeOrphan("journal");
    await server.run("systemctl start ttygate-sweep.service");
    const [sweep] = await entries("TTYGATE_EVENT=sweep", 1) as [Entry];
    assertEquals([sweep.TTYGATE_SESSION, sweep.TTYGATE_USER, sweep.TTYGATE_STATE], [
      "journal",
      "nobody",
      "created",
    ]);
    assertEquals([sweep._SYSTEMD_UNIT, sweep.PRIORITY], ["ttygate-sweep.service", "5"]);
    assertMatch(sweep.MESSAGE!, new RegExp(`^removed ${orphan} `));
  });

  await t.step("a log-out is told", async () => {
    const response = await fetch(`${origin}/logout`, {
      method: "POST",
      headers: { cookie, origin },
      redirect: "manual",
    });
    await response.body?.cancel();
    const [logout] = await entries("TTYGATE_EVENT=logout", 1) as [Entry];
    assertEquals([logout.TTYGATE_USER, logout.TTYGATE_REMOTE], ["alice", remote]);
  });

  await t.step("nothing that is said at the very end is lost", async () => {
    const basic = "alice:wonderland";
    await using terminal = await TestTerminal.open({ origin }, { basic });
    await server.run("systemctl stop ttygate.service");
    const found = await entries(`TTYGATE_SESSION=${terminal.session}`, 2);
    assertEquals(eventsOf(found), ["session-start", "session-end"]);
    assertEquals(found[1]!.TTYGATE_REASON, "shutdown");
    assertEquals((await entries("TTYGATE_EVENT=stop", 1))[0]!.TTYGATE_SIGNAL, "SIGTERM");
  });

  await t.step("where the journal takes no fields it gets the lines", async () => {
    await server.write(
      "/run/systemd/system/ttygate.service.d/no-socket.conf",
      "[Service]\nInaccessiblePaths=/run/systemd/journal/socket\n",
    );
    await server.run("systemctl daemon-reload");
    await postLogin(origin, "alice", "rabbit-hole");
    const lines = "-t ttygate _TRANSPORT=stdout";
    const [line] = await entries(`-p notice..notice ${lines}`, 1) as [Entry];
    assertEquals(line.MESSAGE, `log-in refused user=alice remote=${remote} why=denied`);
    assertEquals(line.TTYGATE_EVENT, undefined);
    await server.run("systemctl stop ttygate.service");
    await entries(`-g ^stopping ${lines}`, 1);
  });
});
