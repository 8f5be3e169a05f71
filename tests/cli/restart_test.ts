/** Sessions outlive their gateway's process: one that is told to restart, and one that is killed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGateway, ttygate, until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";

/** Comes back to a session with all that was seen of it. */
async function comeBack(to: TestGateway, from: TestTerminal, cookie: string) {
  const { session, offset } = from;
  return await TestTerminal.open(to, { cookie, query: { session, offset } });
}

const COUNT = "i=0; while [ $i -lt 400 ]; do echo $i; i=$((i+1)); sleep 0.01; done; echo do''ne";
const COUNTED = Array.from({ length: 400 }, (_, i) => `${i}\r\n`).join("") + "done\r\n";

for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
  Deno.test(`${signal}: a program goes on under the next gateway, and no byte is lost or comes twice`, async () => {
    // What the gateway says first is in no log of Docker's, and yet part of the output.
    await using place = await Restarted.start({ TTYGATE_SESSION_MOTD: "Welcome\nto the lab" });
    const cookie = await place.gateway.logIn();
    await using before = await TestTerminal.open(place.gateway, { cookie });
    await before.run("true");
    const from = before.output.length;
    before.type(`${COUNT}\r`);
    await before.see(/\b50\r\n/, from);
    await place.restart(signal);
    await before.closed;
    await using after = await comeBack(place.gateway, before, cookie);
    await after.see(/done\r\n/);
    const output = before.output.slice(from) + after.output;
    assertEquals((await after.event("ready")).offset, before.offset);
    assert(output.includes(COUNTED), output);
    assertEquals(await after.run("echo $i"), "400");
    await using fresh = await TestTerminal.open(place.gateway, {
      cookie,
      query: { session: before.session, offset: 0 },
    });
    await fresh.see(/^Welcome\r\nto the lab\r\n[^]*done\r\n/);
    await after.closed;
    fresh.type("exit 3\r");
    assertEquals((await fresh.event("ended")).exitCode, 3);
    await fresh.closed;
    assertEquals(await place.gateway.containers(), []);
  });
}

Deno.test("a prompt that was on the screen is there again after a crash, and works", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  before.type("echo typed but not entered");
  await before.see(/not entered$/);
  await place.restart("SIGKILL");
  await using fresh = await TestTerminal.open(place.gateway, {
    cookie,
    query: { session: before.session, offset: 0 },
  });
  await fresh.see(/# echo typed but not entered/);
  fresh.type("\r");
  await fresh.see(/\r\n.*\rtyped but not entered\r\n|\r\ntyped but not entered\r\n/);
  fresh.type("exit\r");
  await fresh.closed;
});

Deno.test("a restart tells the browser to come back, and the shell stands still meanwhile", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  // Not one whole line: what Docker's log would not have.
  // A shell without job control: one with it misses a Ctrl-C that comes when a child has just ended.
  before.type("sh -c 'trap exit INT; while :; do printf .; sleep 0.01; done'\r");
  await before.see(/\.{20}/);
  await place.restart("SIGUSR2", async () => {
    const [container] = await place.gateway.containers();
    assertEquals(container!.State, "paused");
  });
  assertEquals((await before.closed).code, 1012);
  await using after = await comeBack(place.gateway, before, cookie);
  await after.see(/\.{20}/);
  after.type("\x03");
  await after.see(/# $/);
  after.type("exit\r");
  await after.closed;
});

for (
  const [reason, field, hours] of [["idle", "activeAt", 0.3], ["lifetime", "startedAt", 9]] as const
) {
  Deno.test(`${reason}: the time that a session has had counts under the next gateway`, async () => {
    await using place = await Restarted.start();
    const cookie = await place.gateway.logIn();
    await using before = await TestTerminal.open(place.gateway, { cookie });
    await before.run("echo there");
    // As if all that time had gone by before the crash.
    await place.restart("SIGKILL", async () => {
      const path = `${place.leases}/${before.session}`;
      const [head, ...output] = (await Deno.readTextFile(path)).split("\n");
      const record = JSON.parse(head!);
      record[field] -= hours * 3_600_000;
      await Deno.writeTextFile(path, [JSON.stringify(record), ...output].join("\n"));
    });
    await until(() => /session ended/.test(place.gateway.log));
    assertMatch(place.gateway.log, new RegExp(`session ended .*reason=${reason} `));
  });
}

Deno.test("input without an echo counts as activity across a crash, too", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  before.type("stty -echo; echo si''lent; cat >/dev/null\r");
  await before.see(/silent\r\n/);
  const path = `${place.leases}/${before.session}`;
  const record = async () => JSON.parse((await Deno.readTextFile(path)).split("\n")[0]!);
  await until(async () => (await record()).end === before.offset);
  const typedAt = Date.now();
  before.type("x");
  await until(async () => (await record()).activeAt >= typedAt);
});

Deno.test("a sweep while the gateway restarts spares its sessions", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  let sweeping: ReturnType<typeof ttygate>;
  await place.restart("SIGKILL", () => {
    sweeping = ttygate(["sweep", "--json"], { env: place.gateway.env });
    return Promise.resolve();
  });
  assertEquals(JSON.parse((await sweeping!).stdout).removed, []);
  await using after = await comeBack(place.gateway, before, cookie);
  assertEquals(await after.run("echo spared"), "spared");
  after.type("exit\r");
  await after.closed;
});

Deno.test("a session that ended while there was no gateway is gone, and its lease with it", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  const { session } = before;
  await place.restart("SIGKILL", async () => {
    const { docker } = place.gateway;
    await docker.containers.remove(`ttygate-${session}`, { force: true, volumes: true });
  });
  await using after = await TestTerminal.connect(place.gateway, { cookie, query: { session } });
  assertEquals((await after.closed).code, 4404);
  await until(async () => (await Array.fromAsync(Deno.readDir(place.leases))).length === 0);
});

Deno.test("permits count on: a user's places are taken after a restart, too", async () => {
  await using place = await Restarted.start({ TTYGATE_SESSION_MAX_PER_USER: "1" });
  const cookie = await place.gateway.logIn();
  await using before = await TestTerminal.open(place.gateway, { cookie });
  await place.restart("SIGUSR2");
  await using after = await comeBack(place.gateway, before, cookie);
  await using second = await TestTerminal.connect(place.gateway, { cookie });
  assertEquals((await second.event("ended")).reason, "limit");
  after.type("exit\r");
  await after.closed;
});

Deno.test("an orderly stop ends the sessions, as before", async () => {
  await using place = await Restarted.start();
  const cookie = await place.gateway.logIn();
  await using terminal = await TestTerminal.open(place.gateway, { cookie });
  await place.gateway.stop("SIGTERM");
  assertEquals((await terminal.event("ended")).reason, "shutdown");
  assertEquals(await place.gateway.containers(), []);
  assertMatch(place.gateway.log, /session ended .* reason=shutdown/);
});
