/** `/api/v1`, `/healthz`, `/metrics`, the admin socket and `ttygate session`, and odd HTTP. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { PROBLEM_NAMES, PROBLEMS, problemType } from "../../../lib/http/problems.ts";
import { PROGRAM, TestGateway, ttygate } from "../../support/gateway.ts";
import { rawConnection, rawHttp, readAnswer } from "../../support/raw_http.ts";
import { run } from "../../support/run.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const LONG_NAME = "somebody.with.a.long.name@example.org";
const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const gateway = held.use(
  await TestGateway.start({
    agent: machine,
    users: { alice: "wonderland", bob: "builder", root: "toor", [LONG_NAME]: "long" },
    env: { TTYGATE_AUTH_DENY: "1000" },
  }),
);
Deno.test.afterAll(() => held.disposeAsync());
const [alice, bob, root, long] = [
  await gateway.logIn(),
  await gateway.logIn("bob", "builder"),
  await gateway.logIn("root", "toor"),
  await gateway.logIn(LONG_NAME, "long"),
];
const SESSIONS = "/api/v1/sessions";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- whatever JSON came
  readonly body: any;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(gateway.origin + path, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== "" ? JSON.parse(text) : text,
  };
}

const as = (cookie: string): RequestInit => ({ headers: { cookie, origin: gateway.origin } });
const basic = (credential: string): RequestInit => ({
  headers: { authorization: `Basic ${btoa(credential)}` },
});
const end = (init: RequestInit): RequestInit => ({ ...init, method: "DELETE" });

/** Asserts the shape of RFC 9457. */
function assertProblem({ status, headers, body }: Answer, expected: number, detail: RegExp) {
  assertEquals(status, expected);
  assertEquals(headers.get("content-type"), "application/problem+json");
  assertEquals(headers.get("cache-control"), "no-store");
  assertEquals(Object.keys(body), ["type", "title", "status", "detail"]);
  assertEquals(body.status, expected);
  const kind = PROBLEM_NAMES.find((name) => problemType(name) === body.type);
  assertEquals(kind && PROBLEMS[kind][0], expected);
  assertMatch(body.detail, detail);
}

async function assertAlive() {
  assertEquals((await ask("/healthz")).status, 200);
}

Deno.test("the owner and an admin see a session, a stranger does not", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const path = `${SESSIONS}/${terminal.session}`;
  for (const init of [as(alice), as(root), basic("alice:wonderland"), basic("root:toor")]) {
    const { status, body } = await ask(path, init);
    assertEquals(status, 200);
    assertEquals([body.id, body.user, body.phase], [terminal.session, "alice", "live"]);
    assertEquals(body.attached, true);
    assertEquals(body.container, `container-${terminal.session}`);
    assertMatch(body.started, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert(Number.isInteger(body.idleSeconds) && body.outputBytes >= 0);
    const { sessions } = (await ask(SESSIONS, init)).body;
    assertEquals(sessions.map(({ id }: { id: string }) => id), [terminal.session]);
  }
  const theirs = await ask(path, as(bob));
  assertProblem(theirs, 404, new RegExp(`There is no session ${terminal.session}`));
  assertProblem(await ask(path, end(as(bob))), 404, /There is no session/);
  assertEquals((await ask(SESSIONS, as(bob))).body, { sessions: [] });
  const unknown = await ask(`${SESSIONS}/${terminal.session.replaceAll(/./g, "a")}`, as(bob));
  assertEquals(
    unknown.body.detail.replaceAll(/session \w+/g, ""),
    theirs.body.detail.replaceAll(/session \w+/g, ""),
  );
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("DELETE ends a session: its terminal hears killed, and its container is gone", async () => {
  for (
    const [init, message] of [
      [as(alice), "You ended this session."],
      [basic("alice:wonderland"), "You ended this session."],
      [as(root), "An administrator ended it."],
    ] as const
  ) {
    await using terminal = await TestTerminal.open(gateway, { cookie: alice });
    const path = `${SESSIONS}/${terminal.session}`;
    const { status, body } = await ask(path, end(init));
    assertEquals([status, body], [204, ""]);
    assertEquals(machine.engine.containers.size, 0);
    const ended = await terminal.event("ended");
    assertEquals([ended.reason, ended.exitCode], ["killed", null]);
    assertEquals(ended.message, message);
    assertEquals((await terminal.closed).code, 1000);
    assertProblem(await ask(path, init), 404, /It may have ended/);
  }
});

Deno.test("DELETE of another site, or of none without Basic, is refused", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const path = `${SESSIONS}/${terminal.session}`;
  for (const origin of ["https://evil.example", "null", ""]) {
    const headers = { cookie: alice, ...(origin && { origin }) };
    assertProblem(await ask(path, end({ headers })), 403, /This request is refused\./);
  }
  assertEquals((await ask(path, end(as(alice)))).status, 204);
});

Deno.test("without a login every resource is 401, and only scripts are challenged", async () => {
  const challenged = await ask(SESSIONS);
  assertProblem(challenged, 401, /Log in first\./);
  assertMatch(challenged.headers.get("www-authenticate")!, /^Basic realm="ttygate"/);
  const browser = await ask(SESSIONS, { headers: { "sec-fetch-mode": "cors" } });
  assertEquals([browser.status, browser.headers.get("www-authenticate")], [401, null]);
  assertProblem(await ask(SESSIONS, basic("alice:wrong")), 401, /user name or the password/);
  assertProblem(await ask(SESSIONS, basic("nobody:wrong")), 401, /user name or the password/);
  for (const authorization of ["Basic", "Basic !!!", "Digest abc", `Basic ${btoa("alice")}`]) {
    assertProblem(await ask(SESSIONS, { headers: { authorization } }), 401, /Log in first\./);
  }
  const token = { headers: { authorization: "Bearer abc" } };
  assertProblem(await ask(SESSIONS, token), 401, /This token stands for nothing/);
});

Deno.test("a method that an address does not take is 405 with what it takes", async () => {
  const cases = [
    ["PUT", "/", "GET, HEAD"],
    ["PUT", "/login", "GET, HEAD, POST"],
    ["GET", "/logout", "POST"],
    ["DELETE", SESSIONS, "GET, HEAD, POST"],
    ["POST", `${SESSIONS}/abc`, "GET, HEAD, DELETE"],
    ["POST", "/healthz", "GET, HEAD"],
    ["OPTIONS", "/metrics", "GET, HEAD"],
  ] as const;
  for (const [method, path, allow] of cases) {
    const { status, headers } = await ask(path, { ...as(alice), method });
    assertEquals([status, headers.get("allow")], [405, allow], `${method} ${path}`);
  }
});

Deno.test("HEAD answers as GET without a body", async () => {
  for (const path of ["/healthz", "/login", SESSIONS, `${SESSIONS}/nosuch`, "/nosuch"]) {
    const [got, head] = [
      await ask(path, as(alice)),
      await ask(path, { ...as(alice), method: "HEAD" }),
    ];
    assertEquals([head.status, head.body], [got.status, ""], path);
    assertEquals(head.headers.get("content-type"), got.headers.get("content-type"));
  }
});

Deno.test("the metrics are the admins' only", async () => {
  assertEquals((await ask("/metrics")).status, 401);
  assertEquals((await ask("/metrics", as(bob))).status, 403);
  for (const init of [as(root), basic("root:toor")]) {
    const { status, headers, body } = await ask("/metrics", init);
    assertEquals(status, 200);
    assertEquals(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assertEquals(headers.get("cache-control"), "no-store");
    assertMatch(body, /^ttygate_sessions 0$/m);
    assertMatch(body, /^ttygate_sessions_ended_total\{reason="killed"\} \d+$/m);
  }
});

Deno.test("the admin socket is its owner's, needs no login, and has no pages", async () => {
  const path = join(gateway.home, "admin.sock");
  assertEquals((await Deno.lstat(path)).mode! & 0o777, 0o600);
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1${path}`, { client, ...init });
    return { status: response.status, body: await response.text() };
  };
  const list = await get(SESSIONS);
  assertEquals(JSON.parse(list.body).sessions[0].id, terminal.session);
  assertMatch((await get("/metrics")).body, /^ttygate_sessions 1$/m);
  assertMatch((await get("/metrics")).body, /^ttygate_node_up\{node="[a-z0-9-]+"\} 1$/m);
  assertEquals((await get("/healthz")).status, 200);
  for (const path of ["/", "/login", "/terminal", "/assets/x"]) {
    assertEquals((await get(path)).status, 404, path);
  }
  const { status } = await get(`${SESSIONS}/${terminal.session}`, { method: "DELETE" });
  assertEquals(status, 204);
  assertEquals((await terminal.event("ended")).message, "An administrator ended it.");
});

Deno.test("'ttygate session' lists, shows and ends sessions", async () => {
  const run = (...args: string[]) => ttygate(["session", ...args], { env: gateway.env });
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { session } = terminal;
  const table = await run("list");
  assertEquals([table.code, table.stderr], [0, ""]);
  assertMatch(table.stdout, /^SESSION +USER +FROM +AGE +IDLE +OUTPUT +VIEWER\n/);
  const line = `^${session} +alice +127\\.0\\.0\\.1 +\\d+s +\\d+s +\\d+ B +attached$`;
  assertMatch(table.stdout, new RegExp(line, "m"));
  const [listed, ...more] = JSON.parse((await run("list", "--json")).stdout);
  assertEquals([listed.id, listed.user, listed.remote, more], [session, "alice", "127.0.0.1", []]);
  assertMatch(
    (await run("show", session)).stdout,
    new RegExp(`^session +${session}\nuser +alice\n`),
  );
  assertEquals(JSON.parse((await run("show", session, "--json")).stdout).id, session);
  const killed = await run("kill", session);
  assertEquals([killed.code, killed.stderr], [0, ""]);
  assertMatch(killed.stdout, new RegExp(session));
  assertEquals((await terminal.event("ended")).reason, "killed");
  for (const verb of ["show", "kill"]) {
    const missing = await run(verb, session);
    assertEquals(missing.code, 1);
    assertMatch(
      missing.stderr,
      new RegExp(`^ttygate: [^\n]*There is no session ${session}[^\n]*\n$`),
    );
  }
  const usage = [["show"], ["kill"], ["kill", "x", "--user", "alice"], ["kill", "--user"]];
  for (const wrong of [...usage, ["list", "x"], ["end", "x"], []]) {
    assertEquals((await run(...wrong)).code, 2, wrong.join(" "));
  }
});

Deno.test("'ttygate session kill --user' ends all of a user's sessions, and nobody else's", async () => {
  const run = (...args: string[]) => ttygate(["session", ...args], { env: gateway.env });
  await using first = await TestTerminal.open(gateway, { cookie: alice });
  await using second = await TestTerminal.open(gateway, { cookie: alice });
  await using other = await TestTerminal.open(gateway, { cookie: bob });
  const killed = await run("kill", "--user", "alice");
  assertEquals([killed.code, killed.stderr], [0, ""]);
  assertEquals(
    killed.stdout.trim().split("\n").toSorted(),
    [first, second].map(({ session }) => `ended ${session}`).toSorted(),
  );
  for (const { closed } of [first, second]) assertEquals((await closed).code, 1000);
  const [listed, ...more] = JSON.parse((await run("list", "--json")).stdout);
  assertEquals([listed.id, more], [other.session, []]);
  assertEquals((await run("kill", "--user=alice")).stdout, "alice has no session\n");
  assertEquals(
    (await run("kill", "--user", "bob", "--json")).stdout,
    `{"ended":["${other.session}"]}\n`,
  );
});

Deno.test("a mistake in the configuration is told and keeps nobody from ending a session", async () => {
  const config = join(gateway.home, "wrong.toml");
  await Deno.writeTextFile(config, "[container]\nmemroy = 1\n");
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const { code, stdout, stderr } = await ttygate(
    ["session", "kill", terminal.session, "--config", config],
    { env: gateway.env },
  );
  assertEquals([code, stdout], [0, `ended ${terminal.session}\n`]);
  assertMatch(stderr, /^ttygate: warning: \S+wrong\.toml:2: container\.memroy: is no key/);
});

Deno.test("'ttygate session' without a gateway is one line and status 1", async () => {
  const TTYGATE_GATEWAY_ADMIN_SOCKET = join(gateway.home, "nobody.sock");
  for (const args of [["list"], ["list", "--json"], ["show", "abc"], ["kill", "abc"]]) {
    const env = { ...gateway.env, TTYGATE_GATEWAY_ADMIN_SOCKET };
    const { code, stdout, stderr } = await ttygate(["session", ...args], { env });
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^ttygate: no gateway runs [^\n]*nobody\.sock[^\n]*\n$/);
  }
  const env = { ...gateway.env, TTYGATE_GATEWAY_ADMIN_SOCKET: await machine.listen() };
  const { code, stderr } = await ttygate(["session", "list"], { env });
  assertEquals(code, 1);
  assertMatch(stderr, /^ttygate: what answers on \S+ is no gateway; [^\n]+\n$/);
});

Deno.test("in a terminal 'ttygate session list' says that there is none, and fits", async () => {
  const inTerminal = async (columns: number) => {
    const command = `stty cols ${columns}; ${PROGRAM} session list`;
    const { stdout } = await run("script", ["-qec", command, "/dev/null"], { env: gateway.env });
    return stdout.split("\r\n");
  };
  assertEquals(await inTerminal(80), ["no session runs", ""]);
  await using terminal = await TestTerminal.open(gateway, { cookie: long });
  const wide = await inTerminal(100);
  assertMatch(wide[1]!, new RegExp(`^${terminal.session}  ${LONG_NAME}  127\\.0\\.0\\.1  \\d+s `));
  const narrow = await inTerminal(60);
  assertMatch(
    narrow[1]!,
    new RegExp(`^${terminal.session}  ${LONG_NAME.slice(0, 5)}\\S*…  \\d+s `),
  );
  assert(narrow.every((line) => line.length <= 60), narrow.join("\n"));
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("targets of all kinds are answered by the path alone", async () => {
  const request = (target: string, ...hosts: string[]) =>
    rawHttp(
      gateway.host,
      `GET ${target} HTTP/1.1\r\n${
        hosts.map((host) => `Host: ${host}\r\n`).join("")
      }Connection: close\r\n\r\n`,
    );
  assertEquals((await request("http://evil.example/healthz", "a")).status, 200);
  const elsewhere = ["//x/healthz", "/\\x/healthz", "//[/healthz", "//x:99999/healthz", "*"];
  elsewhere.push("/assets/../../../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/%00");
  for (const target of elsewhere) {
    assertEquals((await request(target, "localhost")).status, 404, target);
  }
  await assertAlive();
});

Deno.test("an upgrade is known by its path alone, too", async () => {
  for (const target of ["//x/terminal", "//[/terminal", "/terminal/", "/terminal%00", "/login"]) {
    const { status } = await rawHttp(
      gateway.host,
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    assertEquals(status, 404, target);
  }
  assert(!gateway.log.includes("an upgrade failed"), gateway.log);
});

Deno.test("garbage, forbidden methods, and heads over 16 KiB end their connection only", async () => {
  const head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  const cases = [
    "\x00\x01\x02garbage\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "a".repeat(40),
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    `${head}X: ${"a".repeat(20_000)}\r\n\r\n`,
    `${head}X: \x80\xff\x01\r\n\r\n`,
    `${head}X\xe9(: v\r\n\r\n`,
    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nTransfer-Encoding: chunked\r\n" +
    "Content-Type: application/x-www-form-urlencoded\r\n\r\nZZ\r\n",
  ];
  for (const bytes of cases) {
    const { status } = await rawHttp(gateway.host, bytes);
    assert([0, 400, 431].includes(status), `${status} for ${bytes.slice(0, 40)}`);
  }
  const trace = await rawHttp(
    gateway.host,
    "TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  assertEquals(trace.status, 400);
  await assertAlive();
});

Deno.test("a head that never ends, silent or dripping, is cut off", async () => {
  using silent = await rawConnection(gateway.host);
  using dripping = await rawConnection(gateway.host);
  await dripping.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n"));
  const drip = setInterval(() => {
    dripping.write(new TextEncoder().encode("X-A: b\r\n")).catch(() => {});
  }, 200);
  try {
    const answers = await Promise.all([readAnswer(silent), readAnswer(dripping)]);
    for (const { status } of answers) assert([0, 408].includes(status), String(status));
  } finally {
    clearInterval(drip);
  }
  await assertAlive();
});

Deno.test("an answer of 500 does not say what went wrong; the log does", async () => {
  // A state directory that is a file now: a login cannot be kept.
  const logins = join(gateway.home, "state", "logins");
  await Deno.rename(logins, `${logins}.away`);
  try {
    const response = await gateway.postLogin({ username: "alice", password: "wonderland" });
    assertEquals(response.status, 500);
    const text = await response.text();
    assertEquals(text, "The gateway could not answer. Its log says why.\n");
    assertEquals(response.headers.getSetCookie(), []);
    await gateway.logged(/a request failed method=POST path=\/login error="Cannot keep a login/);
  } finally {
    await Deno.rename(`${logins}.away`, logins);
  }
});
