/** Terminals over plain HTTP: each byte once, both ways, also over connections that break. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGateway, until } from "../../support/gateway.ts";
import { PlainTerminal } from "../../support/plain.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine({ times: { reconnectGraceMs: 20_000 } }));
const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const { origin } = gateway;
const alice = { authorization: `Basic ${btoa("alice:wonderland")}` };
const bob = { authorization: `Basic ${btoa("bob:builder")}` };

async function finish(terminal: PlainTerminal): Promise<void> {
  assertEquals((await terminal.ask("DELETE", "")).status, 204);
}

Deno.test("a shell is opened, typed into, read and left by requests alone", async () => {
  const terminal = await PlainTerminal.open(origin, alice, { cols: 100, rows: 30 });
  await terminal.see(/# $/);
  assertEquals(machine.shellOf(terminal.id).size, { cols: 100, rows: 30 });
  await terminal.type("echo over plain requests\r");
  await terminal.see(/\r\nover plain requests\r\n# $/);
  const size = JSON.stringify({ cols: 90, rows: 20 });
  const json = { "content-type": "application/json" };
  assertEquals((await terminal.ask("PUT", "/size", size, json)).status, 204);
  await until(() => machine.shellOf(terminal.id).size?.cols === 90);
  await terminal.type("exit 3\r");
  let last: Response;
  while ((last = await terminal.read()).status < 300);
  assertEquals(last.status, 410);
  const { detail, reason, exitCode } = await last.json();
  assertEquals([reason, exitCode], ["exit", 3]);
  assertMatch(detail, /exit status 3/);
  const after = await terminal.read();
  await after.body?.cancel();
  assert([404, 410].includes(after.status));
});

Deno.test("the same input again types nothing twice, and a gap is refused with the number that is expected", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  await terminal.see(/# $/);
  const typed = () => machine.shellOf(terminal.id).stream.written.join("");
  const send = async (at: number, text: string) => {
    const { status, headers, body } = await terminal.ask("POST", `/input?at=${at}`, text);
    await body?.cancel();
    return [status, headers.get("ttygate-input")];
  };
  assertEquals(await send(0, "abc"), [204, "3"]);
  assertEquals(await send(0, "abc"), [204, "3"]);
  assertEquals(await send(1, "bcde"), [204, "5"]);
  assertEquals(await send(9, "x"), [409, "5"]);
  assertEquals(await send(5, ""), [204, "5"]);
  assertEquals(typed(), "abcde");
  await finish(terminal);
});

Deno.test("what is asked for again comes again until what follows is asked for, and waits no longer then", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  await terminal.see(/# $/);
  const get = async (offset: number, wait = 0) => {
    const response = await terminal.ask("GET", `/output?offset=${offset}&wait=${wait}`);
    return [response.status, await response.text(), response.headers.get("ttygate-offset")];
  };
  assertEquals(await get(0), [200, "# ", "2"]);
  assertEquals(await get(0), [200, "# ", "2"]);
  assertEquals(await get(1), [200, " ", "2"]);
  assertEquals(await get(2), [204, "", "2"]);
  const waiting = get(2, 20);
  await terminal.type("a");
  assertEquals(await waiting, [200, "a", "3"]);
  // One poll at a time: the second ends the first.
  const first = get(3, 20);
  const second = get(3, 20);
  assertEquals(await first, [204, "", "3"]);
  machine.shellOf(terminal.id).stream.print("b");
  assertEquals(await second, [200, "b", "4"]);
  await finish(terminal);
});

Deno.test("nothing is lost or repeated when the gateway does not know its client any more", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  await terminal.type("echo before\r");
  await terminal.see(/\r\nbefore\r\n# $/);
  // A page takes it over, and the client takes it back.
  const cookie = await gateway.logIn();
  await using page = await TestTerminal.open(gateway, {
    cookie,
    query: { session: terminal.id, offset: terminal.offset },
  });
  page.type("echo on the page\r");
  await page.see(/\r\non the page\r\n# $/);
  const taken = await terminal.read();
  assertEquals(taken.status, 409);
  assertMatch((await taken.json()).detail, /Another client has this session now/);
  await terminal.see(/\r\non the page\r\n# $/);
  assertEquals((await page.closed).code, 4409);
  assertEquals(
    terminal.output,
    "# echo before\r\nbefore\r\n# echo on the page\r\non the page\r\n# ",
  );
  const gap = await terminal.ask("POST", `/input?at=${terminal.at + 99}`, "x");
  await gap.body?.cancel();
  terminal.at = Number(gap.headers.get("ttygate-input"));
  await terminal.type("echo after\r");
  await terminal.see(/\r\nafter\r\n# $/);
  await finish(terminal);
});

Deno.test("a session is for nobody else, by no request", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  const foreign = new PlainTerminal(origin, bob, terminal.id);
  const json = { "content-type": "application/json" };
  const answers = [
    await foreign.ask("GET", "/output"),
    await foreign.ask("POST", "/input?at=0", "x"),
    await foreign.ask("PUT", "/size", JSON.stringify({ cols: 9, rows: 9 }), json),
    await foreign.ask("DELETE", ""),
  ];
  for (const { status, body } of answers) {
    await body?.cancel();
    assertEquals(status, 404);
  }
  assertEquals(machine.shellOf(terminal.id).stream.written, []);
  await finish(terminal);
});

Deno.test("requests that make no sense are refused with what to mend", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  const bad: [string, string, string | undefined, RegExp][] = [
    ["GET", "/output?offset=-1", undefined, /offset must be a whole number/],
    ["GET", "/output?wait=26", undefined, /wait must be a whole number from 0 to 25/],
    ["POST", "/input", "x", /Say by "at"/],
    ["POST", "/input?at=1.5", "x", /at must be a whole number/],
  ];
  for (const [method, path, body, mend] of bad) {
    const response = await terminal.ask(method, path, body);
    assertEquals(response.status, 400);
    assertMatch((await response.json()).detail, mend);
  }
  const large = await terminal.ask("POST", "/input?at=0", "x".repeat(65 * 1024));
  await large.body?.cancel();
  assertEquals(large.status, 413);
  for (const order of [{ cols: 0 }, { rows: 70_000 }, { command: ["sh"] }]) {
    const response = await fetch(`${origin}/api/v1/sessions`, {
      method: "POST",
      headers: { ...alice, "content-type": "application/json" },
      body: JSON.stringify(order),
    });
    await response.body?.cancel();
    assertEquals(response.status, 400);
  }
  await finish(terminal);
});

Deno.test("who has as many sessions as they may is told so", async () => {
  const all = [];
  for (let i = 0; i < 3; i++) all.push(await PlainTerminal.open(origin, alice));
  const response = await fetch(`${origin}/api/v1/sessions`, {
    method: "POST",
    headers: { ...alice, "content-type": "application/json" },
    body: "{}",
  });
  assertEquals(response.status, 429);
  assertMatch((await response.json()).detail, /3/);
  for (const terminal of all) await finish(terminal);
});

Deno.test("output that nobody asks for holds the program up, and is all there later", async () => {
  const terminal = await PlainTerminal.open(origin, alice);
  await terminal.see(/# $/);
  const { stream } = machine.shellOf(terminal.id);
  const line = `${"y".repeat(98)}\r\n`;
  for (let i = 0; i < 20; i++) stream.print(line.repeat(1_000));
  stream.print("the end");
  assertEquals(stream.isDrained, false);
  await terminal.see(/the end$/);
  assertEquals(terminal.output.length, 2 + 2_000_000 + 7);
  await finish(terminal);
});
