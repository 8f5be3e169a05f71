/** Logging in and out of a real gateway, as browsers do it and as they never would. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type GatewayOptions, TestGateway, ttygate } from "../../support/gateway.ts";
import { rawConnection, rawHttp, readAnswer } from "../../support/raw_http.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Refused, TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const gateway = held.use(
  await TestGateway.start({
    agent: machine,
    users: { alice: "wonderland", bob: "builder", dave: "dares", eve: "locked" },
    env: {
      TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1",
      TTYGATE_GATEWAY_ALLOWED_ORIGINS: "https://portal.example",
      TTYGATE_AUTH_DENY: "3",
    },
  }),
);
Deno.test.afterAll(() => held.disposeAsync());
const ALICE = { username: "alice", password: "wonderland" };
const TOKEN = "[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}";

async function postLogin(form: Record<string, string>, headers: HeadersInit = {}) {
  const response = await gateway.postLogin(form, headers);
  return { response, status: response.status, page: await response.text() };
}

/** The answer to a GET that is not followed. */
async function get(path: string, headers: HeadersInit = {}, origin = gateway.origin) {
  const response = await fetch(origin + path, { headers, redirect: "manual" });
  return { response, status: response.status, page: await response.text() };
}

Deno.test("the form is served with the headers that keep it safe", async () => {
  const { response, status, page } = await get("/login?next=/%3Fsession%3Dabc");
  assertEquals(status, 200);
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertMatch(response.headers.get("content-security-policy")!, /default-src 'none'.*'none'$/);
  assertMatch(page, /name="next" value="\/\?session=abc"/);
});

Deno.test("the right password gives a cookie of this gateway and goes to next", async () => {
  const { response, status } = await postLogin({ ...ALICE, next: "/?session=abc" });
  assertEquals([status, response.headers.get("location")], [303, "/?session=abc"]);
  const [cookie, ...more] = response.headers.getSetCookie();
  assertEquals(more, []);
  const pattern = `^ttygate=${TOKEN}; HttpOnly; Max-Age=43200; SameSite=Strict; Path=/$`;
  assertMatch(sorted(cookie!), new RegExp(sorted(pattern.slice(1, -1))));
  const front = await get("/", { cookie: cookie!.split(";")[0]! });
  assertEquals(front.status, 200);
  assertMatch(front.page, /id="user">alice</);
});

/** A cookie with its attributes in alphabetical order. */
function sorted(cookie: string): string {
  const [pair, ...attributes] = cookie.split("; ");
  return [pair, ...attributes.toSorted()].join("; ");
}

Deno.test("without a login the front page sends to the form and back", async () => {
  const { response, status } = await get("/?session=a%26b");
  assertEquals(status, 303);
  const login = new URL(response.headers.get("location")!, gateway.origin);
  assertEquals([login.pathname, login.searchParams.get("next")], ["/login", "/?session=a%26b"]);
  assertEquals((await get("/")).response.headers.get("location"), "/login");
});

Deno.test("who is logged in already is sent on from the form", async () => {
  const cookie = await gateway.logIn();
  const { response, status } = await get("/login?next=//evil.example", { cookie });
  assertEquals([status, response.headers.get("location")], [303, "/"]);
});

Deno.test("next never leads to another site", async () => {
  const hostile = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "/%2e//evil.example",
    "/x/..//evil.example",
    "https://evil.example/",
    "http:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/\r\nset-cookie: a=b",
  ];
  for (const next of hostile) {
    const { response, status } = await postLogin({ ...ALICE, next });
    assertEquals(status, 303);
    const there = new URL(response.headers.get("location")!, gateway.origin);
    assertEquals(there.origin, gateway.origin, next);
    assertEquals(response.headers.get("set-cookie")!.startsWith("ttygate="), true, next);
  }
});

Deno.test("a wrong password, an unknown name and a locked account get one and the same page", async () => {
  const locked = await ttygate(["user", "lock", "eve"], { env: gateway.env });
  assertEquals(locked.code, 0, locked.stderr);
  const attempts = [
    { username: "bob", password: "wrong" },
    { username: "nobody", password: "builder" },
    { username: "eve", password: "locked" },
  ];
  const answers = [];
  for (const form of attempts) {
    const { response, status, page } = await postLogin(form);
    assertEquals(status, 401);
    assertEquals(response.headers.getSetCookie(), []);
    const headers = [...response.headers].filter(([name]) => name !== "date");
    answers.push([headers, page.replaceAll(form.username, "NAME")]);
    assertMatch(page, /The user name or the password is wrong\./);
  }
  assertEquals(answers[1], answers[0]);
  assertEquals(answers[2], answers[0]);
});

Deno.test("what was typed comes back escaped, and a name that is nobody's is not in the log", async () => {
  const username = `"><script>alert(1)</script>\r\nroot logged in user=root`;
  const { status, page } = await postLogin({ username, password: "hunter2hunter2" });
  assertEquals(status, 401);
  assert(!page.includes("<script>alert"));
  await gateway.logged(/log-in refused unknown=true remote=127\.0\.0\.1 why=denied$/m);
  assert(!gateway.log.includes("root logged in"));
  assert(!gateway.log.includes("hunter2"), "a password is in the log");
});

Deno.test("after deny failures a name is locked, known or not, even for the right password", async () => {
  for (const username of ["dave", "nobody-at-all"]) {
    for (let i = 0; i < 3; i++) {
      assertEquals((await postLogin({ username, password: "wrong" })).status, 401);
    }
    const { response, status, page } = await postLogin({ username, password: "dares" });
    assertEquals(status, 429, username);
    const seconds = Number(response.headers.get("retry-after"));
    assert(seconds > 0 && seconds <= 600, String(seconds));
    assertMatch(page, /Too many failed log-ins\. Try again in 10 minutes\./);
    const basic = { authorization: `Basic ${btoa(`${username}:dares`)}` };
    assertEquals((await get("/api/v1/sessions", basic)).status, 429, username);
  }
  assertEquals((await postLogin(ALICE)).status, 303, "others log in");
});

Deno.test("five wrong passwords keep a name's owner out from nowhere else, and a restart unlocks nothing", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const options: GatewayOptions = {
    agent: machine,
    home,
    env: { TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1" },
  };
  const from = (address: string) => ({ "x-forwarded-for": address });
  try {
    for (const life of ["before", "after"]) {
      await using victim = await TestGateway.start(options);
      const attempt = async (password: string, address: string) => {
        const form = { username: "alice", password };
        const response = await victim.postLogin(form, from(address));
        await response.body?.cancel();
        return response.status;
      };
      if (life === "before") {
        for (let i = 0; i < 5; i++) assertEquals(await attempt("wrong", "198.51.100.7"), 401);
        await victim.logged(/too many failed log-ins: that name from that address .*user=alice/);
      }
      assertEquals(await attempt("wonderland", "198.51.100.7"), 429, life);
      assertEquals(await attempt("wonderland", "192.0.2.1"), 303, life);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a log-in or log-out of another site, or of none, is refused", async () => {
  const cookie = await gateway.logIn();
  for (const path of ["/login", "/logout"]) {
    for (const origin of ["https://evil.example", "null", `${gateway.origin}.evil.example`, ""]) {
      const response = await fetch(gateway.origin + path, {
        method: "POST",
        body: new URLSearchParams(ALICE),
        headers: { cookie, ...(origin && { origin }) },
        redirect: "manual",
      });
      assertEquals(response.status, 403, `${path} ${origin}`);
      assertEquals(response.headers.getSetCookie(), []);
      await response.body?.cancel();
    }
  }
  assertEquals((await get("/", { cookie })).status, 200, "still logged in");
});

Deno.test("an allowed origin may log in", async () => {
  assertEquals((await postLogin(ALICE, { origin: "https://portal.example" })).status, 303);
  assertEquals((await postLogin(ALICE, { origin: "http://portal.example" })).status, 403);
});

Deno.test("behind a trusted proxy that says https the cookie is a __Host- one", async () => {
  const proxied = { "x-forwarded-proto": "https" };
  assertEquals((await postLogin(ALICE, proxied)).status, 403, "an origin of plain HTTP");
  const { response } = await postLogin(ALICE, {
    ...proxied,
    origin: `https://${gateway.host}`,
    "x-forwarded-for": "192.0.2.7",
  });
  const cookie = response.headers.get("set-cookie")!;
  assertMatch(cookie, new RegExp(`^__Host-ttygate=${TOKEN}; `));
  for (const attribute of ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"]) {
    assert(cookie.split("; ").includes(attribute), `${attribute} in ${cookie}`);
  }
  await gateway.logged(/logged in user=alice remote=192\.0\.2\.7/);
  const pair = cookie.split(";")[0]!;
  assertEquals((await get("/", { cookie: pair, "x-forwarded-proto": "https" })).status, 200);
  assertEquals((await get("/", { cookie: pair })).status, 303, "not over plain HTTP");
});

Deno.test("a body that is too large, of another type, or malformed is refused", async () => {
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${gateway.origin}/login`, {
      method: "POST",
      body,
      headers: { origin: gateway.origin, ...headers },
      redirect: "manual",
    });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const cases: [BodyInit, Record<string, string>, number][] = [
    ["username=alice&password=" + "x".repeat(1_000_000), form, 413],
    [new Blob(["x".repeat(1_000_000)]).stream(), form, 413],
    [JSON.stringify(ALICE), { "content-type": "application/json" }, 400],
    [formData(), {}, 400],
    ["", form, 401],
    ["%%%=%ZZ&&&=", form, 401],
    [Uint8Array.of(0, 255, 254), form, 401],
  ];
  for (const [body, headers, status] of cases) {
    const response = await post(body, headers);
    await response.body?.cancel();
    assertEquals(response.status, status, `${body}`.slice(0, 40));
  }
  assertEquals((await postLogin(ALICE)).status, 303);
});

function formData(): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(ALICE)) data.set(name, value);
  return data;
}

Deno.test("a body that never comes is cut off, and one cut short harms nobody", async () => {
  const head = (length: number) =>
    `POST /login HTTP/1.1\r\nHost: ${gateway.host}\r\nOrigin: ${gateway.origin}\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`;
  {
    using connection = await rawConnection(gateway.host);
    await connection.write(new TextEncoder().encode(head(100) + "username=al"));
  }
  const whole = await rawHttp(
    gateway.host,
    head(34).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
    "username=alice&",
    "password=wonderland",
  );
  assertEquals(whole.status, 303, whole.text);
  using silent = await rawConnection(gateway.host);
  await silent.write(new TextEncoder().encode(head(100) + "username="));
  assertEquals((await readAnswer(silent)).text.includes("303"), false);
  assert(!gateway.log.includes("a request failed"), gateway.log);
});

Deno.test("log-out revokes the login on the server and clears the cookie", async () => {
  const cookie = await gateway.logIn();
  const response = await fetch(`${gateway.origin}/logout`, {
    method: "POST",
    headers: { cookie, origin: gateway.origin },
    redirect: "manual",
  });
  assertEquals([response.status, response.headers.get("location")], [303, "/login"]);
  assertMatch(response.headers.get("set-cookie")!, /^ttygate=; .*Expires=Thu, 01 Jan 1970/);
  assertEquals((await get("/", { cookie })).status, 303);
  assertEquals((await get("/api/v1/sessions", { cookie })).status, 401);
});

Deno.test("logging in again from the same browser ends the login of before, and no other", async () => {
  const [former, other] = [await gateway.logIn(), await gateway.logIn()];
  const { response } = await postLogin(ALICE, { cookie: former });
  const cookie = response.headers.get("set-cookie")!.split(";")[0]!;
  assertEquals((await get("/", { cookie: former })).status, 303);
  for (const good of [cookie, other]) assertEquals((await get("/", { cookie: good })).status, 200);
  assertEquals((await postLogin({ username: "alice", password: "wrong" }, { cookie })).status, 401);
  assertEquals((await get("/", { cookie })).status, 200, "a failed attempt ends nothing");
});

Deno.test("a login is not the user's to change: another secret half, or a path, is no login", async () => {
  const cookie = await gateway.logIn();
  const [id] = cookie.slice("ttygate=".length).split(".");
  for (const token of [`${id}.${"A".repeat(43)}`, `${id}`, "../../htpasswd", `${id}.`, ""]) {
    assertEquals((await get("/api/v1/sessions", { cookie: `ttygate=${token}` })).status, 401);
  }
});

Deno.test("a token is nowhere on disk, and what is kept is the gateway's alone", async () => {
  const cookie = await gateway.logIn();
  const secret = cookie.split(".")[1]!;
  const logins = join(gateway.home, "state", "logins");
  assertEquals((await Deno.stat(logins)).mode! & 0o777, 0o700);
  for await (const { name } of Deno.readDir(logins)) {
    assertEquals((await Deno.stat(join(logins, name))).mode! & 0o777, 0o600);
    assert(!(await Deno.readTextFile(join(logins, name))).includes(secret));
  }
  assert(!gateway.log.includes(secret));
});

Deno.test("'user list' shows who failed log-ins have locked, and unlock and passwd clear that at once", async () => {
  const password = "battery staple";
  const run = (args: string[], stdin = "") =>
    ttygate(["user", ...args], { env: gateway.env, stdin });
  assertEquals((await run(["add", "henry"], `${password}\n`)).code, 0);
  const attempt = async (password: string) =>
    (await postLogin({ username: "henry", password })).status;
  for (const verb of ["unlock", "passwd"]) {
    for (let i = 0; i < 3; i++) assertEquals(await attempt("wrong"), 401);
    assertEquals(await attempt(password), 429);
    assertMatch(
      (await run(["list"])).stdout,
      /^henry\tfailed log-ins from 127\.0\.0\.1 \(3\) until/m,
    );
    const { stdout } = await run([verb, "henry"], `${password}\n`);
    if (verb === "unlock") assertEquals(stdout, "henry unlocked; failed log-ins forgotten\n");
    assertEquals(await attempt(password), 303);
    assertMatch((await run(["list"])).stdout, /^henry$/m);
  }
});

Deno.test("a broken htpasswd line is told with its number and costs nobody else anything", async () => {
  const path = join(gateway.home, "htpasswd");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, `# users\nfrank:$apr1$old$hash\nno colon here\n${text}`);
  assertEquals((await postLogin(ALICE)).status, 303);
  await gateway.logged(/line 2 of \S+htpasswd: user frank has an Apache MD5/);
  await gateway.logged(/line 3 of \S+htpasswd: it has no colon/);
  await Deno.writeTextFile(path, text);
});

Deno.test("without a readable htpasswd nobody logs in, with 503, and logins outlive it", async () => {
  const cookie = await gateway.logIn();
  const path = join(gateway.home, "htpasswd");
  await Deno.rename(path, `${path}.away`);
  try {
    const { response, status, page } = await postLogin(ALICE);
    assertEquals(status, 503);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
    assertMatch(page, /Log-in is not possible right now\. The server&#39;s log says why\./);
    assert(!page.includes(path));
    const basic = { authorization: `Basic ${btoa("alice:wonderland")}` };
    assertEquals((await get("/api/v1/sessions", basic)).status, 503);
    await gateway.logged(/nobody can log in why="Cannot read \S+htpasswd: it does not exist/);
  } finally {
    await Deno.rename(`${path}.away`, path);
  }
  assertEquals((await get("/", { cookie })).status, 200);
});

Deno.test("a terminal of an expired login closes with 4401, and the cookie is worth nothing", async () => {
  await using brief = await TestGateway.start({
    agent: machine,
    env: { TTYGATE_AUTH_LOGIN_TTL: "4s" },
  });
  const cookie = await brief.logIn();
  await using terminal = await TestTerminal.open(brief, { cookie });
  assertEquals((await terminal.closed).code, 4401);
  const again = TestTerminal.connect(brief, { cookie });
  assertEquals((await assertRejects(() => again, Refused)).status, 401);
});

Deno.test("a restart of the gateway logs nobody out", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  const options: GatewayOptions = { agent: machine, home };
  try {
    let cookie: string;
    {
      await using before = await TestGateway.start(options);
      cookie = await before.logIn();
    }
    await using after = await TestGateway.start(options);
    assertEquals((await get("/", { cookie }, after.origin)).status, 200);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("below another base path everything is, and the cookie stays there", async () => {
  await using below = await TestGateway.start({
    agent: machine,
    env: { TTYGATE_GATEWAY_BASE_PATH: "/shell/", TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1" },
  });
  const at = (path: string, init: RequestInit = {}) =>
    fetch(below.origin + path, { redirect: "manual", ...init });
  const logIn = (proto: string, next: string) =>
    at("/shell/login", {
      method: "POST",
      body: new URLSearchParams({ ...ALICE, next }),
      headers: { origin: `${proto}://${below.host}`, "x-forwarded-proto": proto },
    });
  const secure = await logIn("https", "");
  assertEquals(secure.headers.get("location"), "/shell/");
  const secureCookie = secure.headers.get("set-cookie")!;
  assertMatch(secureCookie, new RegExp(`^__Secure-ttygate=${TOKEN}; `));
  for (const attribute of ["Secure", "HttpOnly", "SameSite=Strict", "Path=/shell"]) {
    assert(secureCookie.split("; ").includes(attribute), `${attribute} in ${secureCookie}`);
  }
  const plain = await logIn("http", "//evil.example");
  assertEquals(plain.headers.get("location"), "/shell/");
  const cookie = plain.headers.get("set-cookie")!.split(";")[0]!;
  assertMatch(cookie, new RegExp(`^ttygate=${TOKEN}$`));
  const page = await (await at("/shell/", { headers: { cookie } })).text();
  for (const [, address] of page.matchAll(/(?:href|src|action)="([^"]+)"/g)) {
    assert(address!.startsWith("/shell/"), address);
  }
  const redirect = await at("/shell");
  assertEquals(redirect.headers.get("location"), "/shell/login");
  for (const path of ["/", "/login", "/healthz", "/shellx/login", "/api/v1/sessions"]) {
    const answer = await at(path, { headers: { cookie } });
    assertEquals(answer.status, 404, path);
    await answer.body?.cancel();
  }
  await redirect.body?.cancel();
});

Deno.test("over TLS the cookie is a __Host- one, and plain HTTP gets nothing", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const [cert, key] = [join(home, "cert.pem"), join(home, "key.pem")];
    const { success } = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        ...["-nodes", "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=127.0.0.1"],
        ...["-addext", "subjectAltName=IP:127.0.0.1"],
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ],
      stderr: "null",
    }).output();
    assert(success);
    await using secure = await TestGateway.start({
      agent: machine,
      home,
      env: { TTYGATE_GATEWAY_TLS_CERT: cert, TTYGATE_GATEWAY_TLS_KEY: key },
    });
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(cert)] });
    const response = await fetch(`${secure.origin}/login`, {
      method: "POST",
      body: new URLSearchParams(ALICE),
      headers: { origin: secure.origin },
      redirect: "manual",
      client,
    });
    await response.body?.cancel();
    assertEquals(response.status, 303);
    const cookie = response.headers.get("set-cookie")!;
    assertMatch(cookie, new RegExp(`^__Host-ttygate=${TOKEN}; `));
    assert(cookie.split("; ").includes("Secure"), cookie);
    const front = await fetch(secure.origin, {
      headers: { cookie: cookie.split(";")[0]! },
      client,
    });
    assertMatch(await front.text(), /id="user">alice</);
    const plain = await rawHttp(secure.host, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertEquals(plain.status, 0);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
