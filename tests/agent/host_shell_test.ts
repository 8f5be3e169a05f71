/** The shell of the agent's own machine: who gets it, as whom, and what is left of it. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TestAgent } from "../support/agent.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { run } from "../support/run.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";

const owned = new AsyncDisposableStack();
let agent: TestAgent, gateway: TestGateway, alice: string, bob: string;

Deno.test.beforeAll(async () => {
  agent = await TestAgent.start({
    env: {
      TTYGATE_AGENT_SHELL: "host",
      TTYGATE_AGENT_SHELL_GROUPS: "staff",
      TTYGATE_AGENT_NAME: "west",
      // Which no shell of this machine shall see.
      SECRET: "of the agent's",
    },
  });
  gateway = owned.use(
    await TestGateway.start({
      users: { alice: "wonderland", bob: "builder" },
      groups: "staff: alice\n",
      env: agent.forGateway,
    }),
  );
  owned.use(agent);
  [alice, bob] = [await gateway.logIn(), await gateway.logIn("bob", "builder")];
});

Deno.test.afterAll(() => owned.disposeAsync());

function open(cookie = alice): Promise<TestTerminal> {
  return TestTerminal.open(gateway, { cookie, query: { image: "host", cols: 100, rows: 30 } });
}

/** The processes of a shell, by what it says of itself. */
async function processes(mark: string): Promise<number> {
  const { stdout } = await run("sh", ["-c", `pgrep -f ${mark} | wc -l`]);
  return Number(stdout) - 1; // the one that looks
}

Deno.test("only members of the named groups are offered it, and get it", async () => {
  const names = async (cookie: string) => {
    const response = await fetch(`${gateway.origin}/api/v1/images`, { headers: { cookie } });
    return (await response.json()).images.map(({ title }: { title: string }) => title);
  };
  assertEquals((await names(alice)).at(-1), "The shell of west itself");
  assertEquals((await names(bob)).length, (await names(alice)).length - 1);
  const { status } = await assertRejects(() => open(bob), Refused);
  assertEquals(status, 404);
});

Deno.test("it is an unprivileged user's terminal on that machine, and no container's", async () => {
  await using terminal = await open();
  const { image, limits } = await terminal.event("ready");
  assertEquals([image, limits.disk], ["no container", null]);
  assertEquals(await terminal.run("id -un"), "nobody");
  assertEquals(await terminal.run("uname -n"), Deno.hostname());
  assertEquals(await terminal.run("stty size"), "30 100");
  assertEquals(
    await terminal.run('echo "$TERM ${SECRET-none} $HOME"'),
    "xterm-256color none /nonexistent",
  );
  assertMatch(await terminal.run("tty"), /^\/dev\/pts\/\d+$/);
  terminal.resize(120, 40);
  await until(async () => await terminal.run("stty size") === "40 120");
  assertEquals((await agent.containers()).length, 0);
  terminal.type("exit 7\r");
  const { reason, exitCode } = await terminal.event("ended");
  assertEquals([reason, exitCode], ["exit", 7]);
});

Deno.test("Ctrl-C reaches it, a flood waits for who reads it, and a viewer comes back byte for byte", async () => {
  await using terminal = await open();
  terminal.type(`sh -c 'trap "exit 3" INT; echo rea""dy; while :; do sleep 0.1; done'\r`);
  await terminal.see(/\rready\r\n/);
  terminal.type("\x03");
  await terminal.see(/\rready\r\n\^C[^]*\$ $/);
  terminal.type("seq 1 200000 | tail -n 100000; echo do''ne\r");
  const { session } = terminal;
  await terminal.see(/\r\n150000\r\n/);
  terminal.cut();
  const query = { session, offset: terminal.offset };
  await using back = await TestTerminal.open(gateway, { cookie: alice, query });
  await back.see(/\r\ndone\r\n/);
  const lines = (terminal.output + back.output).split("\r\n");
  const from = lines.indexOf("100001");
  assertEquals(
    lines.slice(from, from + 100_000).map(Number).findIndex((n, i) => n !== 100_001 + i),
    -1,
  );
  back.type("exit\r");
  await back.closed;
});

Deno.test("nothing of it is left when it is ended, when the agent stops, and when the agent is killed", async () => {
  const ways: readonly [string, (session: string) => Promise<unknown>][] = [
    ["ended", async (session) => {
      const url = `${gateway.origin}/api/v1/sessions/${session}`;
      const headers = { cookie: alice, origin: gateway.origin };
      assertEquals((await fetch(url, { method: "DELETE", headers })).status, 204);
    }],
    ["stopped", () => agent.stop("SIGTERM")],
    ["killed", () => agent.stop("SIGKILL")],
  ];
  for (const [how, end] of ways) {
    const terminal = await open();
    const mark = `9${crypto.randomUUID().replaceAll(/\D/g, "").slice(0, 8)}`;
    terminal.type(`sleep ${mark}\r`);
    await until(async () => await processes(mark) > 0);
    await end(terminal.session);
    await terminal.closed;
    await until(async () => await processes(mark) === 0);
    if (how !== "ended") await agent.begin();
  }
});
