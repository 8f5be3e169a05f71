/** Named machines in Docker, through the API: their life, their shells, and what they survive. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { MachineFile } from "../../lib/agent/machines/machine_file.ts";
import { logTo } from "../../lib/log.ts";
import { TOMB_MS } from "../../lib/protocol/machines.ts";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { Refused, TestTerminal } from "../support/terminal.ts";

const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const held = new AsyncDisposableStack();
const gateway = held.use(await TestGateway.start({ users }));
Deno.test.afterAll(() => held.disposeAsync());
const { docker } = gateway;
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");
const root = await gateway.logIn("root", "rooted");

async function ask(cookie: string, method: string, path: string, body?: unknown, at = gateway) {
  const response = await fetch(`${at.origin}/api/v1/machines${path}`, {
    method,
    headers: { cookie, origin: at.origin, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

/** Waits for a state. */
async function wait(cookie: string, name: string, until: string, at = gateway) {
  const { status, body } = await ask(
    cookie,
    "GET",
    `/${name}?until=${until}&wait=30`,
    undefined,
    at,
  );
  assertEquals([status, body.state], [200, until], JSON.stringify(body));
  return body;
}

/** Types a command into a shell in a machine, and waits for what it prints. */
async function typed(command: string, seen: RegExp, machine: string, at = gateway, cookie = alice) {
  await using terminal = await TestTerminal.open(at, { cookie, query: { machine } });
  await terminal.see(/[#$] $/);
  terminal.type(`${command}\r`);
  await terminal.see(seen);
  terminal.type("exit\r");
  assertEquals((await terminal.event("ended")).reason, "exit");
}

/** What runs in a machine, a line each. */
async function look(id: string): Promise<string> {
  const all = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file"; echo; done; :';
  await using program = await docker.containers.run(containerOf(id), ["sh", "-c", all]);
  let text = "";
  for (let next; (next = await program.read()) !== null;) text += new TextDecoder().decode(next);
  return text;
}

const containerOf = (id: string) => `ttygate-machine-${id}`;

Deno.test("a machine is made, runs, keeps its home, is renamed, deleted and restored", async () => {
  const made = await ask(alice, "PUT", "/box", {});
  assertEquals([made.status, made.body.user, made.body.lastError], [201, "alice", null]);
  const { id } = made.body;
  assertEquals((await ask(alice, "PUT", "/box", {})).status, 200);
  assertEquals((await ask(alice, "PUT", "/box", { image: "other" })).status, 409);
  await wait(alice, "box", "running");
  await typed(
    "echo kept > /root/file; echo lost > /file; echo wri''tten",
    /@box[^]*written/,
    "box",
  );

  assertEquals((await ask(alice, "POST", "/box/stop")).status < 300, true);
  await wait(alice, "box", "stopped");
  await ask(alice, "POST", "/box/start");
  await wait(alice, "box", "running");
  await typed("cat /root/file /file", /kept\s+lost/, "box");

  await ask(alice, "POST", "/box/stop");
  await wait(alice, "box", "stopped");
  await docker.containers.remove(containerOf(id), { force: true, volumes: true });
  await ask(alice, "POST", "/box/start");
  await wait(alice, "box", "running");
  await typed("cat /root/file; ls /file", /kept[^]*No such file/, "box");

  const before = await docker.containers.inspect(containerOf(id));
  const renamed = await ask(alice, "PATCH", "/box", { name: "crate" });
  assertEquals([renamed.status, renamed.body.id, renamed.body.name], [200, id, "crate"]);
  assertEquals((await ask(alice, "GET", "/box")).status, 404);
  const after = await docker.containers.inspect(containerOf(id));
  assertEquals([after.Id, after.State.StartedAt], [before.Id, before.State.StartedAt]);

  assertEquals((await ask(alice, "DELETE", "/crate")).status, 204);
  assertEquals((await ask(alice, "DELETE", "/crate")).status, 204);
  assertEquals((await ask(alice, "GET", "/crate")).status, 404);
  await until(async () => !(await docker.containers.inspect(containerOf(id))).State.Running);
  const { body: { machines: [tomb] } } = await ask(alice, "GET", "");
  assertEquals([tomb.name, tomb.state], ["crate", "deleted"]);
  assert(Date.parse(tomb.restorableUntil) > Date.now());
  assertEquals((await ask(alice, "POST", "/crate/restore")).status, 200);
  await wait(alice, "crate", "running");
  await typed("cat /root/file", /kept/, "crate");
  assertEquals((await ask(alice, "DELETE", "/crate")).status, 204);
});

Deno.test("a machine has the limits and the hardening of a session", async () => {
  const { body: { id } } = await ask(alice, "PUT", "/hard", {});
  await wait(alice, "hard", "running");
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const session = await docker.containers.inspect(`ttygate-${terminal.session}`);
  const machine = await docker.containers.inspect(containerOf(id));
  const { Mounts: [ptys], ConsoleSize: _size, ...rest } = session.HostConfig as
    & { Mounts: readonly unknown[] }
    & typeof session.HostConfig;
  const { Mounts, ConsoleSize: _none, ...own } = machine.HostConfig;
  assertEquals(own, rest);
  assertEquals(Mounts?.[0], ptys as NonNullable<typeof Mounts>[number]);
  assertEquals(Mounts?.[1]?.Target, "/root");
  assertEquals(machine.Config.Labels?.["ttygate.session"], undefined);
  await ask(alice, "DELETE", "/hard");
});

Deno.test("people have their own machines, and an administrator sees all", async () => {
  assertEquals((await ask(alice, "PUT", "/own", {})).status, 201);
  for (
    const [method, path, body] of [
      ["GET", "/own", undefined],
      ["POST", "/own/start", undefined],
      ["PATCH", "/own", { name: "mine" }],
      ["DELETE", "/own", undefined],
      ["POST", "/own/restore", undefined],
    ] as const
  ) {
    assertEquals((await ask(bob, method, path, body)).status, 404, `${method} ${path}`);
  }
  assertEquals((await ask(bob, "GET", "")).body, { machines: [], next: null });
  const refused = await assertRejects(
    () => TestTerminal.open(gateway, { cookie: bob, query: { machine: "own" } }),
    Refused,
  );
  assertEquals(refused.status, 404);
  assertEquals((await ask(bob, "PUT", "/own", {})).status, 201);
  const first = (await ask(root, "GET", "?limit=1")).body;
  const rest = (await ask(root, "GET", `?cursor=${first.next}`)).body;
  const all = [...first.machines, ...rest.machines];
  const living = all.filter(({ state }) => state !== "deleted");
  assertEquals(living.map(({ user, name }) => [user, name]), [["alice", "own"], ["bob", "own"]]);
  assertEquals((await ask(alice, "PUT", "/Own", {})).status, 400);
  for (const cookie of [alice, bob]) await ask(cookie, "DELETE", "/own");
});

Deno.test("a shell in a machine starts it, has its size, and ends with all but the machine", async () => {
  const { body: { id } } = await ask(alice, "PUT", "/shells", {});
  await wait(alice, "shells", "running");
  await ask(alice, "POST", "/shells/stop");
  await wait(alice, "shells", "stopped");
  await using terminal = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { machine: "shells", cols: 91, rows: 33 },
  });
  await terminal.see(/[#$] $/);
  terminal.type("stty size; pwd; nohup sleep 4321 & exec 3>/root/here; sleep 4322\r");
  await terminal.see(/33 91\s+\/root/);
  terminal.resize(72, 18);
  await until(async () => /sleep 4321[^]*sleep 4322/.test(await look(id)));
  const sessions = await fetch(`${gateway.origin}/api/v1/sessions/${terminal.session}`, {
    method: "DELETE",
    headers: { cookie: alice, origin: gateway.origin },
  });
  assertEquals(sessions.status, 204);
  const left = await look(id);
  assertEquals([/sleep 432/.test(left), /^\/bin\/bash -l/m.test(left)], [false, false], left);
  assertEquals((await ask(alice, "GET", "/shells")).body.state, "running");

  await using second = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { machine: "shells" },
  });
  await second.see(/[#$] $/);
  await ask(alice, "POST", "/shells/stop");
  const { message } = await second.event("ended");
  assertEquals(message, "The machine shells was stopped.");
  await wait(alice, "shells", "stopped");
  await ask(alice, "DELETE", "/shells");
});

Deno.test("a shell in a machine tells what its program exits with, and takes every key", async () => {
  await ask(alice, "PUT", "/keys", {});
  await wait(alice, "keys", "running");
  await using terminal = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { machine: "keys" },
  });
  await terminal.see(/[#$] $/);
  terminal.type("stty raw; echo rea''dy; head -c 2 | od -An -tx1; stty sane; exit 7\r");
  await terminal.see(/ready/);
  terminal.type("\x10");
  terminal.type("\x11");
  await terminal.see(/10 11/);
  assertEquals((await terminal.event("ended")).exitCode, 7);
  await ask(alice, "DELETE", "/keys");
});

Deno.test("files go in and out of a shell in a machine, from where it is", async () => {
  await ask(alice, "PUT", "/files", {});
  await wait(alice, "files", "running");
  await using terminal = await TestTerminal.open(gateway, {
    cookie: alice,
    query: { machine: "files" },
  });
  await terminal.see(/[#$] $/);
  terminal.type("mkdir /root/there; cd /root/there; echo rea''dy\r");
  await terminal.see(/ready/);
  const path = `${gateway.origin}/api/v1/sessions/${terminal.session}/files`;
  const headers = { cookie: alice, origin: gateway.origin };
  const { folder, home } = await (await fetch(path, { headers })).json();
  assertEquals([folder, home], ["/root/there", "/root"]);
  const put = await fetch(`${path}${folder}/in`, { method: "PUT", headers, body: "brought\n" });
  await put.body?.cancel();
  assertEquals(put.status, 201);
  terminal.type("cat in; until command -v tget; do sleep 0.1; done\r");
  await terminal.see(/brought[^]*bin\/tget/);
  const got = await fetch(`${path}/root/there/in`, { headers });
  assertEquals(await got.text(), "brought\n");
  await ask(alice, "DELETE", "/files");
});

Deno.test("a machine that nobody uses stops, but for one whose programs count", async () => {
  const env = { TTYGATE_MACHINES_IDLE_STOP: "3s" };
  await using own = await TestGateway.start({ env });
  const cookie = await own.logIn();
  assertEquals((await ask(cookie, "PUT", "/busy", { jobs: true }, own)).body.jobs, true);
  await wait(cookie, "busy", "running", own);
  {
    await using terminal = await TestTerminal.open(own, { cookie, query: { machine: "busy" } });
    await terminal.see(/[#$] $/);
    terminal.type("setsid sleep 4327 & sleep 0.1; exit\r");
    await terminal.event("ended");
  }
  await ask(cookie, "PUT", "/lazy", {}, own);
  await wait(cookie, "lazy", "stopped", own);
  assertEquals((await ask(cookie, "GET", "/busy", undefined, own)).body.state, "running");
  await ask(cookie, "PATCH", "/busy", { jobs: false }, own);
  await wait(cookie, "busy", "stopped", own);
  for (const name of ["busy", "lazy"]) await ask(cookie, "DELETE", `/${name}`, undefined, own);
});

Deno.test("the next gateway starts what ran, the sweep leaves it, and a tomb goes after a day", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const instance = `test-${crypto.randomUUID().slice(0, 8)}`;
  const ids: Record<string, string> = {};
  {
    const first = await TestGateway.start({ home, instance });
    const cookie = await first.logIn();
    for (const name of ["on", "off", "dead"]) {
      ids[name] = (await ask(cookie, "PUT", `/${name}`, {}, first)).body.id;
      await wait(cookie, name, "running", first);
    }
    await ask(cookie, "POST", "/off/stop", undefined, first);
    await wait(cookie, "off", "stopped", first);
    await ask(cookie, "DELETE", "/dead", undefined, first);
    const query = { machine: "on" };
    await using _main = await TestTerminal.open(first, { cookie, query });
    await using terminal = await TestTerminal.open(first, { cookie, query });
    await terminal.see(/[#$] $/);
    terminal.type("sleep 4323\r");
    await first.stop("SIGUSR2");
    assertMatch((await terminal.event("ended")).message, /open another shell in it/);
    await docker.containers.stop(containerOf(ids["on"]!), { timeoutSeconds: 1 });
    first.docker[Symbol.dispose]();
  }
  await using _home = { [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
  await using next = await TestGateway.start({ home, instance });
  const cookie = await next.logIn();
  await wait(cookie, "on", "running", next);
  assertEquals((await ask(cookie, "GET", "/off", undefined, next)).body.state, "stopped");

  const swept = await ttygate(["sweep", "--json"], { env: next.env });
  assertEquals([swept.code, JSON.parse(swept.stdout).machines], [0, []]);
  assertEquals((await next.containers()).length, 3);
  const file = await MachineFile.open(join(home, "state"), instance, logTo(() => {}));
  const records = await file.read();
  await file.write(() =>
    records.map((one) =>
      one.deletedMs === null ? one : { ...one, deletedMs: one.deletedMs - TOMB_MS }
    )
  );
  const again = await ttygate(["sweep", "--json"], { env: next.env });
  assertEquals(JSON.parse(again.stdout).machines.map(({ name }: { name: string }) => name), [
    "dead",
  ]);
  const left = (await next.containers()).map(({ Labels }) => Labels["ttygate.machine"]);
  assertEquals(left.toSorted(), [ids["on"], ids["off"]].toSorted());
  const labels = [`ttygate.instance=${instance}`, "ttygate.machine"];
  assertEquals((await docker.volumes.list({ labels })).length, 2);
  assertEquals((await ask(cookie, "GET", "/on", undefined, next)).body.state, "running");
});

Deno.test("the first shell of a machine outlives gateways, killed or not, and the others do not", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  await using _home = { [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }) };
  const instance = `test-${crypto.randomUUID().slice(0, 8)}`;
  const query = { machine: "box" };
  const killed = await TestGateway.start({ home, instance });
  const cookie = await killed.logIn();
  const { body: { id } } = await ask(cookie, "PUT", "/box", {}, killed);
  await wait(cookie, "box", "running", killed);
  await using first = await TestTerminal.open(killed, { cookie, query });
  await first.see(/[#$] $/);
  await using other = await TestTerminal.open(killed, { cookie, query });
  await other.see(/[#$] $/);
  first.type("cd /tmp; seq 3; sleep 4326 & read line\r");
  await first.see(/3\r\n/);
  other.type("setsid sleep 4325 & sleep 4324\r");
  const runs = async (seconds: number) => new RegExp(`sleep ${seconds}`).test(await look(id));
  for (const seconds of [4324, 4325, 4326]) await until(() => runs(seconds));
  await killed.stop("SIGKILL");
  killed.docker[Symbol.dispose]();
  {
    const next = await TestGateway.start({ home, instance });
    const { since } = await wait(cookie, "box", "running", next);
    const { State: { StartedAt } } = await docker.containers.inspect(containerOf(id));
    assertEquals(Date.parse(since), Date.parse(StartedAt)); // it ran all the time
    await until(async () => !await runs(4324));
    // What made a session of its own is no program of that shell any more.
    assertEquals([await runs(4325), await runs(4326)], [true, true]);
    await using again = await TestTerminal.open(next, {
      cookie,
      query: { session: first.session, offset: 0 },
    });
    await again.see(/1\r\n2\r\n3\r\n/);
    again.type("typed\r");
    again.type("echo $line $PWD\r");
    await again.see(/typed \/tmp/);
    await next.stop("SIGUSR2");
    next.docker[Symbol.dispose]();
  }
  await using last = await TestGateway.start({ home, instance });
  await using again = await TestTerminal.open(last, {
    cookie,
    query: { session: first.session, offset: 0 },
  });
  await again.see(/typed \/tmp/);
  await using beside = await TestTerminal.open(last, { cookie, query });
  await beside.see(/[#$] $/);
  again.type("exit 5\r");
  assertEquals((await again.event("ended")).exitCode, 5);
  await until(async () => !await runs(4326)); // which the shell left in its terminal
  // Another shell takes its place, and nothing of the one before is in it.
  await using next = await TestTerminal.open(last, { cookie, query });
  await next.see(/[#$] $/);
  assertEquals(/typed/.test(next.output), false, next.output);
  next.type("kill -9 $$\r");
  assertEquals((await next.event("ended")).exitCode, 137);
  assertEquals((await ask(cookie, "GET", "/box", undefined, last)).body.state, "running");
});
