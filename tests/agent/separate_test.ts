/** A gateway without Docker, and an agent in a process of its own: who may fall without the other. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TestAgent } from "../support/agent.ts";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";

let agent: TestAgent;

Deno.test.beforeAll(async () => {
  agent = await TestAgent.start();
});

Deno.test.afterAll(() => agent[Symbol.asyncDispose]());

function startGateway(home?: string): Promise<TestGateway> {
  return TestGateway.start({ env: agent.forGateway, ...(home && { home }) });
}

/**
 * Counts, a number each 20 ms; in a shell of its own, which an interrupt ends: the one that is typed
 * into goes on where its child ended by itself in that moment.
 */
const COUNT = "sh -c 'while :; do i=$((i + 1)); echo n$i; sleep 0.02; done'\r";

function numbersIn(output: string): number[] {
  return [...output.matchAll(/^n(\d+)\r$/gm)].map(([, number]) => Number(number));
}

function assertGapless(numbers: readonly number[]): void {
  assertEquals(numbers, Array.from({ length: numbers.length }, (_, i) => numbers[0]! + i));
}

/** A terminal in which numbers have begun to come. */
async function counting(gateway: TestGateway, cookie: string): Promise<TestTerminal> {
  const terminal = await TestTerminal.open(gateway, { cookie });
  terminal.type(COUNT);
  await terminal.see(/^n3\r$/m);
  return terminal;
}

/** What is typed behind an interrupt goes with it until the prompt is back. */
async function leave(terminal: TestTerminal): Promise<void> {
  terminal.type("\x03");
  await terminal.see(/\$ $|# $/);
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("a terminal works through a gateway that has no Docker", async () => {
  await using gateway = await startGateway();
  const cookie = await gateway.logIn();
  await using terminal = await TestTerminal.open(gateway, { cookie });
  assertEquals(await terminal.run("echo $((6 * 7))"), "42");
  assertEquals((await agent.containers()).length, 1);
  const health = await fetch(`${gateway.origin}/readyz`);
  assertEquals([health.status, (await health.json()).status], [200, "ok"]);
  const listed = await ttygate(["session", "list", "--json"], { env: gateway.env });
  assertEquals(JSON.parse(listed.stdout).map(({ user }: { user: string }) => user), ["alice"]);
  terminal.type("exit 7\r");
  const { reason, exitCode } = await terminal.event("ended");
  assertEquals([reason, exitCode], ["exit", 7]);
  await until(async () => (await agent.containers()).length === 0);
});

Deno.test("a gateway that is killed or restarted freezes no shell and loses no byte", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  let gateway = await startGateway(home);
  try {
    const cookie = await gateway.logIn();
    let terminal = await counting(gateway, cookie);
    const { session } = terminal;
    let output = "";
    for (const signal of ["SIGKILL", "SIGTERM", "SIGUSR2"] as const) {
      await gateway.stop(signal);
      const { code } = await terminal.closed;
      if (signal !== "SIGKILL") assertEquals(code, 1012);
      output += terminal.output;
      const { offset } = terminal;
      const seen = numbersIn(output).at(-1)!;
      // The shell goes on while there is no gateway at all.
      const [container] = await agent.containers();
      assertEquals((await agent.docker.containers.inspect(container!.Id)).State.Paused, false);
      gateway = await startGateway(home);
      terminal = await TestTerminal.open(gateway, { cookie, query: { session, offset } });
      assertEquals((await terminal.event("ready")).offset, offset);
      await until(() => (numbersIn(output + terminal.output).at(-1) ?? 0) > seen + 10);
    }
    output += terminal.output;
    assertGapless(numbersIn(output));
    await leave(terminal);
  } finally {
    await gateway.stop();
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("an agent that is killed or restarted loses no byte, and the gateway answers meanwhile", async () => {
  await using gateway = await startGateway();
  const cookie = await gateway.logIn();
  let terminal = await counting(gateway, cookie);
  const { session } = terminal;
  let output = "";
  for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
    await agent.stop(signal);
    await terminal.closed;
    output += terminal.output;
    const { offset } = terminal;
    const seen = numbersIn(output).at(-1)!;
    const refused = await assertRejects(
      () => TestTerminal.connect(gateway, { cookie, query: { session, offset } }),
      Refused,
    );
    assertEquals(refused.status, 503);
    assertEquals((await fetch(`${gateway.origin}/healthz`)).status, 503);
    await agent.begin();
    terminal = await TestTerminal.open(gateway, { cookie, query: { session, offset } });
    await until(() => (numbersIn(output + terminal.output).at(-1) ?? 0) > seen + 10);
  }
  output += terminal.output;
  assertGapless(numbersIn(output));
  await leave(terminal);
});

Deno.test("a locked user is out, a drain is told, and a session is killed through the gateway", async () => {
  await using gateway = await startGateway();
  const cookie = await gateway.logIn();
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const told = await ttygate(["broadcast", "Lunch."], { env: gateway.env });
  assertEquals(told.code, 0, told.stderr);
  await until(() => terminal.events.some((event) => event.type === "notice"));
  const { code, stdout, stderr } = await ttygate(["user", "lock", "alice"], { env: gateway.env });
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /1 session ended/);
  assertMatch((await terminal.event("ended")).message, /locked by an administrator/);
  assertEquals((await terminal.closed).code, 4401);
  assert((await agent.containers()).length === 0);
});
