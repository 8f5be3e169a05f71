/** Proves that the reader of the log learns what was done to the gateway, and is not drowned in it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGateway, until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const clock = new ManualClock();
const held = new AsyncDisposableStack();
const machine = held.use(new Machine({ clock, times: { reconnectGraceMs: 2_000 } }));
const gateway = held.use(
  await TestGateway.start({
    agent: machine,
    users: { alice: "wonderland", root: "toor" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "1" },
  }),
);
Deno.test.afterAll(() => held.disposeAsync());
const cookie = await gateway.logIn();

function lines(pattern: RegExp): string[] {
  return gateway.log.split("\n").filter((line) => pattern.test(line));
}

Deno.test("a flood from one source is one line, and the sum at the latest when it stops", async () => {
  await using own = await TestGateway.start({ agent: machine });
  const refused = Array.from({ length: 50 }, async () => {
    const response = await fetch(`${own.origin}/api/v1/sessions`, {
      headers: { cookie: `ttygate=${"a".repeat(22)}.${"b".repeat(43)}` },
    });
    await response.body?.cancel();
    return response.status;
  });
  assertEquals(new Set(await Promise.all(refused)), new Set([401]));
  await own.stop();
  const told = own.log.split("\n").filter((line) => /a cookie was refused/.test(line));
  assertEquals(told.length, 2);
  assertMatch(told[0]!, / info a cookie was refused: .* remote=127\.0\.0\.1$/);
  assertMatch(told[1]!, /\(49 more in \d+ s\) remote=127\.0\.0\.1 count=49$/);
});

Deno.test("the metrics count what was done", async () => {
  const root = { authorization: `Basic ${btoa("root:toor")}` };
  const response = await fetch(`${gateway.origin}/metrics`, { headers: root });
  assertMatch(await response.text(), /^ttygate_events_total\{event="login",why=""\} \d+$/m);
});

Deno.test("a foreign origin is told", async () => {
  const response = await fetch(`${gateway.origin}/logout`, {
    method: "POST",
    headers: { origin: "https://evil.example", cookie },
  });
  assertEquals(response.status, 403);
  await response.body?.cancel();
  await gateway.logged(
    /notice a request was refused for its origin remote=127\.0\.0\.1 why=foreign origin=https:\/\/evil\.example host=127/,
  );
});

Deno.test("Basic that succeeds is told", async () => {
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${gateway.origin}/api/v1/sessions`, {
      headers: { authorization: `Basic ${btoa("alice:wonderland")}` },
    });
    await response.body?.cancel();
  }
  await gateway.logged(/info logged in by HTTP Basic user=alice how=basic remote=127\.0\.0\.1/);
  assertEquals(lines(/logged in by HTTP Basic user=alice/).length, 1, "and not each time");
});

Deno.test("coming back, a takeover, a limit, a broken protocol and nobody's return are told", async () => {
  const first = await TestTerminal.open(gateway, { cookie });
  const { session } = first;
  const query = { session, offset: 0 };

  const second = await TestTerminal.open(gateway, { cookie, query });
  await machine.logged(
    new RegExp(`info took a session over session=${session} user=alice remote=127\\.0\\.0\\.1`),
  );

  await using refused = await TestTerminal.connect(gateway, { cookie });
  await refused.closed;
  await machine.logged(/notice a session was refused user=alice remote=127\.0\.0\.1 why=user/);

  second.send(Uint8Array.of(99));
  assertEquals((await second.closed).code, 1008);
  await machine.logged(
    /notice a client broke the protocol; its connection is closed user=alice .*error=/,
  );

  const third = await TestTerminal.open(gateway, { cookie, query });
  await machine.logged(
    new RegExp(`info came back to a session session=${session} user=alice remote=127\\.0\\.0\\.1`),
  );
  third.cut();
  await until(() => !machine.registry.find(session)!.attached);
  await clock.advance(2_000);
  await machine.logged(/session ended /);
  const end = machine.lines.find((line) => /session ended /.test(line))!;
  assertMatch(end, / reason=away /);
  assert(!end.includes("exitCode"), "there is none, and so no field");
  for (const terminal of [first, third]) await terminal[Symbol.asyncDispose]();
});
