/** Ready shells with the real Docker Engine. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

/** Someone new for each: whoever had the last ready shell leaves the next one to others. */
const PEOPLE = ["ann", "ben", "cat", "dan", "eve"];
const people = PEOPLE.values();

let gateway: TestGateway, cookie: string;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    users: {
      alice: "wonderland",
      root: "root",
      ...Object.fromEntries(PEOPLE.map((name) => [name, name])),
    },
    env: { TTYGATE_POOL_SIZE: "1", TTYGATE_SESSION_MAX_TOTAL: "2" },
  });
  cookie = await gateway.logIn();
});

Deno.test.afterAll(async () => {
  await using ended = gateway;
  await until(async () => await readyShells() === 1);
  await ended.stop();
  assert(!/not removed/.test(gateway.log), gateway.log);
});

/** The number of shells that wait, as the gateway's metrics have it. */
async function readyShells(of = gateway): Promise<number> {
  const authorization = `Basic ${btoa("root:root")}`;
  const response = await fetch(`${of.origin}/metrics`, { headers: { authorization } });
  const text = await response.text();
  return Number(/^ttygate_pool_ready (\d+)$/m.exec(text)![1]);
}

const names = async () => (await gateway.containers()).map(({ Names }) => Names[0]!.slice(1));

async function openReady(query: Record<string, number> = {}): Promise<TestTerminal> {
  await until(async () => await readyShells() === 1);
  const [waiting] = await gateway.containers();
  const name = people.next().value!;
  const cookie = await gateway.logIn(name, name);
  const terminal = await TestTerminal.open(gateway, { cookie, query });
  assertEquals(`/ttygate-${terminal.session}`, waiting!.Names[0]);
  return terminal;
}

async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("a ready shell is handed over with its size, limits, name, and one prompt", async () => {
  await using terminal = await openReady({ cols: 132, rows: 43 });
  assertEquals(terminal.events.map(({ type }) => type), ["ready"]);
  assertEquals(await terminal.run("stty size; echo $LINES $COLUMNS"), "43 132\n43 132");
  await terminal.see(/root@t1:/); // the prompt, which was there before its person was
  const { HostConfig } = await gateway.docker.containers.inspect(`ttygate-${terminal.session}`);
  assertEquals([HostConfig.NanoCpus, HostConfig.Memory, HostConfig.PidsLimit], [
    500_000_000,
    209_715_200,
    128,
  ]);
  await finish(terminal);
});

Deno.test("a claimed shell's environment and processes are those of a fresh start", async () => {
  const environment = "env | grep -v ^HOSTNAME= | sort; jobs; history | wc -l";
  const processes = "for p in /proc/[0-9]*/comm; do read -r c < $p; echo $c; done";
  await using ready = await openReady();
  await using cold = await TestTerminal.open(gateway, { cookie });
  await cold.event("progress"); // there was none left that was ready
  assertEquals(await ready.run(environment), await cold.run(environment));
  // What watched over the waiting shell is gone a moment after it was told.
  await until(async () => await ready.run(processes) === "docker-init\nbash");
  assertEquals(await cold.run(processes), "docker-init\nbash");
  await finish(ready);
  await finish(cold);
});

Deno.test("ready shells are spared by a sweep, and never crowd out sessions", async () => {
  await until(async () => await readyShells() === 1);
  const before = await names();
  const { code, stdout } = await ttygate(["sweep"], { env: gateway.env });
  assertEquals([code, await names()], [0, before], stdout);
  await using first = await openReady();
  await until(async () => await readyShells() === 1);
  await using second = await openReady();
  await until(async () => (await names()).length === 2);
  assertEquals(await readyShells(), 0);
  await finish(first);
  await finish(second);
});

Deno.test("a ready shell that is killed is replaced", async () => {
  await until(async () => await readyShells() === 1);
  const [killed] = await gateway.containers();
  await gateway.docker.containers.kill(killed!.Id);
  await until(async () => {
    const [container] = await gateway.containers();
    return container !== undefined && container.Id !== killed!.Id && await readyShells() === 1;
  });
  await using terminal = await openReady();
  assertEquals(await terminal.run("echo works"), "works");
  await finish(terminal);
});

const removals: Record<string, (killed: TestGateway) => Promise<void>> = {
  "the sweep removes": async ({ instance, env, docker }) => {
    const labels = [`ttygate.instance=${instance}`];
    await until(async () => {
      const { code, stderr } = await ttygate(["sweep"], { env });
      assertEquals([code, stderr], [0, ""]);
      return (await docker.containers.list({ all: true, labels })).length === 0;
    });
  },
  "the next gateway removes": async ({ instance, home }) => {
    await using next = await TestGateway.start({ instance, home });
    await next.haveContainers(0);
  },
};

for (const [who, remove] of Object.entries(removals)) {
  Deno.test(`unclaimed shells of a gateway that died ${who}`, async () => {
    await using killed = await TestGateway.start({
      users: { root: "root" },
      env: { TTYGATE_POOL_SIZE: "2" },
    });
    await until(async () => await readyShells(killed) === 2);
    assertEquals((await killed.containers()).length, 2);
    await killed.stop("SIGKILL");
    await remove(killed);
  });
}
