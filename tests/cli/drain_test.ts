/** Proves that an administrator can drain a gateway and tell people something, from the shell. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGateway, ttygate } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";

let gateway: TestGateway;
let cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({ env: { TTYGATE_POOL_SIZE: "1" } });
  cookie = await gateway.logIn();
});

Deno.test.afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
});

const run = (...args: string[]) => ttygate(args, { env: gateway.env });

Deno.test("a drain without a time: no new session, those that run live on, until it is cancelled", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const { code, stdout } = await run("drain", "--message", "New disks tonight.");
  assertEquals([code, stdout], [0, "no session can begin; 1 session is left\n"]);
  const { text, endsIn } = await terminal.event("notice");
  assertEquals([text, endsIn], ["New disks tonight.", null]);

  await using refused = await TestTerminal.connect(gateway, { cookie });
  const { reason, message } = await refused.event("ended");
  assertEquals([reason, message], [
    "shutdown",
    "New disks tonight. No new terminals can be opened until that is over.",
  ]);
  assertEquals((await refused.closed).code, 1000);
  await gateway.logged(/a session was refused user=alice remote=\S+ why=shutdown/);
  assertEquals((await terminal.run("echo alive")).trim(), "alive");
  await gateway.haveContainers(1); // and no shell is kept ready

  await using back = await TestTerminal.open(gateway, {
    cookie,
    query: { session: terminal.session, offset: 0 },
  });
  assertEquals((await back.event("notice")).text, "New disks tonight.");

  const status = await run("drain", "--status", "--json");
  const answer = JSON.parse(status.stdout);
  assertEquals([answer.draining, answer.endsAt, answer.message, answer.sessions], [
    true,
    null,
    "New disks tonight.",
    1,
  ]);
  assertEquals((await run("drain", "--cancel")).stdout, "no drain is on: sessions may begin\n");
  assertEquals((await run("drain", "--cancel")).code, 0, "done again, it is no failure");
  await using next = await TestTerminal.open(gateway, { cookie });
  next.type("exit\r");
  back.type("exit\r");
  await Promise.all([next.closed, back.closed]);
});

Deno.test("a broadcast reaches every page, from an argument or standard input", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const told = await run("broadcast", "Lunch\u001b[2J is\nready");
  assertEquals([told.code, told.stdout], [0, "shown in 1 terminal\n"]);
  const { text, endsIn } = await terminal.event("notice");
  assertEquals([text, endsIn], ["Lunch [2J is ready", null]);
  await gateway.logged(/told everybody text="Lunch \[2J is ready" terminals=1/);

  const piped = await ttygate(["broadcast", "--json"], { env: gateway.env, stdin: "Tea\n" });
  assertEquals(JSON.parse(piped.stdout), { text: "Tea", terminals: 1 });
  const long = await run("broadcast", "x".repeat(501));
  assertEquals(long.code, 1);
  assertMatch(long.stderr, /A text may have 500 characters/);
  assertEquals((await ttygate(["broadcast"], { env: gateway.env })).code, 2);
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("from the web nobody drains, and only administrators broadcast", async () => {
  for (const [path, status] of [["drain", 404], ["broadcast", 403]] as const) {
    const response = await fetch(`${gateway.origin}/api/v1/${path}`, {
      method: "POST",
      body: "{}",
      headers: { cookie, origin: gateway.origin },
    });
    assertEquals(response.status, status);
    await response.body?.cancel();
  }
});

Deno.test("wrong times are wrong usage", async () => {
  for (const at of ["soon", "25:00", "2020-01-01T00:00", "in 100d"]) {
    const { code, stderr } = await run("drain", "--at", at);
    assertEquals(code, 2, at);
    assertMatch(stderr, /--at/);
  }
  assertEquals((await run("drain", "--cancel", "--at", "in 1m")).code, 2);
});

Deno.test("a drain with a time outlives a restart, ends the sessions then, and says when it is empty", async () => {
  await using own = await Restarted.start();
  const cookie = await own.gateway.logIn();
  await using terminal = await TestTerminal.open(own.gateway, { cookie });
  const { session } = terminal;
  const begun = await ttygate(["drain", "--at", "in 20s"], { env: own.gateway.env });
  assertMatch(
    begun.stdout,
    /^no session can begin; 1 session is left and ends at .* \(in \d+s\)\n$/,
  );
  const { endsIn, text } = await terminal.event("notice");
  assert(endsIn !== null && endsIn <= 20 && endsIn > 0);
  assertEquals(text, "This server is being taken down for maintenance.");

  await own.restart("SIGUSR2");
  const next = own.gateway;
  await next.logged(/session taken over/);
  await using back = await TestTerminal.open(next, {
    cookie,
    query: { session, offset: 0 },
  });
  await back.event("notice");
  const waited = ttygate(["drain", "--status", "--json"], { env: next.env });
  assertEquals(JSON.parse((await waited).stdout).sessions, 1);
  const { reason, message } = await back.event("ended");
  assertEquals([reason, message], ["shutdown", text]);
  assertEquals((await back.closed).code, 1000);
  await next.logged(/drained: no session is left/);
  const empty = await ttygate(["drain", "--status"], { env: next.env });
  assertEquals(empty.stdout, "no session is left, and none can begin\n");
});

Deno.test("--wait returns when no session is left", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const waiting = run("drain", "--wait", "--json");
  await terminal.event("notice");
  terminal.type("exit\r");
  const { code, stdout } = await waiting;
  assertEquals([code, JSON.parse(stdout).sessions], [0, 0]);
  assertEquals((await run("drain", "--cancel")).code, 0);
});
