/** Shares through the gateway: who makes them, who comes by them, and what they are told. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const users = { alice: "wonderland", bob: "builder", carol: "christmas", root: "rooted" };
const gateway = held.use(await TestGateway.start({ agent: machine, users }));
Deno.test.afterAll(() => held.disposeAsync());
const alice = await gateway.logIn();
const bob = await gateway.logIn("bob", "builder");
const carol = await gateway.logIn("carol", "christmas");
const root = await gateway.logIn("root", "rooted");

/** Asks the API, as the page does. */
async function ask(
  cookie: string,
  method: string,
  path: string,
  body?: unknown,
  headers: HeadersInit = { origin: gateway.origin },
) {
  const response = await fetch(`${gateway.origin}/api/v1${path}`, {
    method,
    headers: { ...headers, cookie, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

/** A terminal of alice's, with a share of a kind. */
async function share(kind: "watch" | "type", seconds: number | null = null) {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  const path = `/sessions/${terminal.session}/shares`;
  const { status, body } = await ask(alice, "POST", path, { kind, seconds });
  assertEquals(status, 201);
  return { terminal, path, id: body.id as string, token: body.token as string };
}

const claim = (cookie: string, token: string) => ask(cookie, "POST", "/shares/claim", { token });
const come = (cookie: string, share: string) =>
  TestTerminal.open(gateway, { cookie, query: { share } });

/** Ends a terminal's session. */
async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  await terminal.closed;
}

async function refusal(promise: Promise<unknown>): Promise<number> {
  const refused = await assertRejects(() => promise, Refused);
  return refused.status;
}

Deno.test("who has a link comes to the terminal, and its user knows", async () => {
  const { terminal, id, token } = await share("watch");
  const { status, body } = await claim(bob, token);
  assertEquals([status, body.share, body.user, body.kind], [200, id, "alice", "watch"]);
  assertEquals(body.session, terminal.session);
  await using guest = await come(bob, id);
  assertEquals((await guest.event("ready")).guest, "watch");
  assertEquals((await terminal.event("guests")).guests, [{ name: "bob", role: "watch" }]);
  terminal.type("echo seen\r");
  await guest.see(/\nseen\r\n/);
  await finish(terminal);
  assertEquals((await guest.event("ended")).reason, "exit");
});

Deno.test("who ends a share cuts its guests off at once, and their link is worth nothing", async () => {
  const { terminal, path, id, token } = await share("type");
  await claim(bob, token);
  await using guest = await come(bob, id);
  guest.type("echo typed\r");
  await terminal.see(/\ntyped\r\n/);
  const { body } = await ask(alice, "GET", path);
  assertEquals(body.shares.map(({ names }: { names: string[] }) => names), [["bob"]]);
  assertEquals((await ask(alice, "DELETE", `${path}/${id}`)).status, 204);
  const { reason, message } = await guest.event("ended");
  assertEquals([reason, message], ["unshared", "alice ended the share."]);
  assertEquals((await guest.closed).code, 4410);
  assertEquals(await refusal(come(bob, id)), 404);
  assertEquals((await claim(bob, token)).status, 404);
  assertEquals((await ask(alice, "DELETE", `${path}/${id}`)).status, 404);
  assertEquals((await ask(alice, "GET", path)).body.shares, []);
  await finish(terminal);
});

Deno.test("a share that expires cuts its guests off", async () => {
  const { terminal, id, token } = await share("watch", 1);
  await claim(bob, token);
  await using guest = await come(bob, id);
  assertEquals((await guest.event("ended")).message, "The share has expired.");
  await finish(terminal);
});

Deno.test("a share's id leads nobody to the terminal who has not had its token", async () => {
  const { terminal, path, id, token } = await share("watch");
  assertEquals(await refusal(come(carol, id)), 404);
  await claim(bob, token);
  assertEquals(await refusal(come(carol, id)), 404);
  assertEquals(await refusal(TestTerminal.open(gateway, { query: { share: id } })), 401);
  assertEquals((await ask(bob, "GET", path)).status, 404);
  assertEquals((await ask(bob, "POST", path, { kind: "type", seconds: null })).status, 404);
  assertEquals((await ask(bob, "DELETE", `${path}/${id}`)).status, 404);
  // A guest of a share is nobody to the session itself.
  const query = { session: terminal.session };
  await using stranger = await TestTerminal.connect(gateway, { cookie: bob, query });
  assertEquals((await stranger.closed).code, 4404);
  await finish(terminal);
});

Deno.test("other sites and those who are not logged in neither share nor come", async () => {
  const { terminal, path, id, token } = await share("watch");
  const order = { kind: "type", seconds: null };
  for (const headers of [{ origin: "https://evil.example" }, {}] as HeadersInit[]) {
    assertEquals((await ask(alice, "POST", path, order, headers)).status, 403);
    assertEquals((await ask(alice, "DELETE", `${path}/${id}`, undefined, headers)).status, 403);
    assertEquals((await ask(bob, "POST", "/shares/claim", { token }, headers)).status, 403);
  }
  assertEquals((await claim("", token)).status, 401);
  await claim(bob, token);
  const origin = "https://evil.example";
  const query = { share: id };
  assertEquals(await refusal(TestTerminal.open(gateway, { cookie: bob, origin, query })), 403);
  await finish(terminal);
});

Deno.test("an administrator ends the shares of others and makes none", async () => {
  const { terminal, path, id } = await share("watch");
  assertEquals((await ask(root, "POST", path, { kind: "type", seconds: null })).status, 403);
  assertEquals((await ask(root, "GET", path)).body.shares.length, 1);
  assertEquals((await ask(root, "DELETE", `${path}/${id}`)).status, 204);
  await finish(terminal);
});

Deno.test("a share of a session goes by that session's address only", async () => {
  const { terminal, id } = await share("watch");
  await using other = await TestTerminal.open(gateway, { cookie: alice });
  const path = `/sessions/${other.session}/shares/${id}`;
  assertEquals((await ask(alice, "DELETE", path)).status, 404);
  other.type("exit\r");
  await finish(terminal);
});

Deno.test("an order that says no kind, or no time that may be, is refused with 400", async () => {
  const { terminal, path } = await share("watch");
  const orders = [
    {},
    { kind: "rule", seconds: null },
    { kind: "type" },
    { kind: "type", seconds: 0 },
    { kind: "type", seconds: 86_401 },
    { kind: "type", seconds: 1.5 },
    { kind: "type", seconds: "60" },
    { kind: "type", seconds: 60, for: "bob" },
  ];
  for (const order of orders) {
    assertEquals((await ask(alice, "POST", path, order)).status, 400, JSON.stringify(order));
  }
  assertEquals((await ask(bob, "POST", "/shares/claim", { token: 7 })).status, 400);
  await finish(terminal);
});

Deno.test("an administrator watches any terminal, its user is told at once, and so is the log", async () => {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  const query = { session: terminal.session, watch: 1 };
  const watching = await TestTerminal.open(gateway, { cookie: root, query });
  assertEquals((await terminal.event("guests")).guests, [{ name: "root", role: "admin" }]);
  await gateway.logged(
    new RegExp(`watches a session session=${terminal.session} user=alice by=root`),
  );
  watching.type("echo no\r");
  watching.type("");
  await watching.event("alive");
  watching.cut();
  await gateway.logged(/watches a session no more .*seconds=\d/);
  await until(() =>
    terminal.events.some((event) => event.type === "guests" && event.guests.length === 0)
  );
  assertMatch(terminal.output, /# $/);
  await finish(terminal);
});

Deno.test("who is no administrator does not watch, not even what is shared with them", async () => {
  const { terminal, token } = await share("watch");
  await claim(bob, token);
  const query = { session: terminal.session, watch: 1 };
  assertEquals(await refusal(TestTerminal.open(gateway, { cookie: bob, query })), 403);
  const none = { session: "none", watch: 1 };
  assertEquals(await refusal(TestTerminal.open(gateway, { cookie: root, query: none })), 404);
  await finish(terminal);
});

Deno.test("an administrator's token watches where it is for what administrators may", async () => {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  const query = { session: terminal.session, watch: 1 };
  const come = async (...scopes: string[]) => {
    const order = { name: scopes.join(), scopes };
    const { body: { token: bearer } } = await ask(root, "POST", "/tokens", order);
    return await TestTerminal.open(gateway, { bearer, origin: false, query });
  };
  assertEquals(await refusal(come("shell")), 403);
  assertEquals(await refusal(come("admin")), 403);
  await using watching = await come("shell", "admin");
  assertEquals((await watching.event("ready")).guest, "admin");
  await finish(terminal);
});

Deno.test("an administrator who is one no more watches no more", async () => {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  const query = { session: terminal.session, watch: 1 };
  await using watching = await TestTerminal.open(gateway, { cookie: root, query });
  await Deno.writeTextFile(`${gateway.home}/groups`, "admin: somebody\n");
  const { message } = await watching.event("ended");
  assertEquals(message, "You are no administrator any more.");
  await finish(terminal);
});

Deno.test("a token is in no log, right or wrong", async () => {
  const { terminal, id, token } = await share("watch");
  await claim(bob, token);
  await claim(bob, `${token}x`);
  await using _guest = await come(bob, id);
  await gateway.logged(/a link to a shared session was refused/);
  assertEquals(gateway.log.includes(token), false);
  await finish(terminal);
});
