/** The configurations of docs/proxies.md in Debian's nginx and Caddy, and what wrong ones are told. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";
import { checkProxies } from "../../lib/cli/doctor/proxy_checks.ts";
import { TestBrowser } from "../support/browser.ts";
import { type GatewayOptions, TestGateway, until } from "../support/gateway.ts";
import { documented, TestProxy } from "../support/proxy.ts";
import type { TestTab } from "../support/tab.ts";

const TRUSTED = { TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1,::1" };
const BELOW = { ...TRUSTED, TTYGATE_GATEWAY_BASE_PATH: "/shell" };
let browser: TestBrowser;

Deno.test.beforeAll(async () => {
  browser = await TestBrowser.launch();
});

Deno.test.afterAll(() => browser[Symbol.asyncDispose]());

const NGINX = await documented("proxies.md", "nginx");
const NGINX_BELOW = await documented("proxies.md", "nginx", 1);
const CADDY = await documented("proxies.md", "caddy");
const CADDY_BELOW = await documented("proxies.md", "caddy", 1);
/** The part of nginx's configuration that leads to the gateway. */
const LOCATION = /^ {2}location \/ \{\n {4}proxy_pass[^]*?^ {2}\}\n/m;
/** Plain HTTP, which the documentation has only behind a name. */
const NGINX_PLAIN = NGINX.slice(0, NGINX.indexOf("server {")) +
  `server {\n  listen 80;\n${LOCATION.exec(NGINX)![0]}}\n`;

/** Logs in by hand from an address of its own; returns the whole answer. */
async function logInFrom(
  address: string,
  origin: string,
  base: string,
  made = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n",
): Promise<string> {
  const { hostname, port, protocol, host } = new URL(origin);
  const options = { host: "127.0.0.1", port: Number(port), localAddress: address };
  const socket = protocol === "https:"
    ? connectTls({ ...options, servername: hostname, rejectUnauthorized: false })
    : connectPlain(options);
  const form = "username=alice&password=wonderland";
  socket.write(
    `POST ${base}/login HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\n` +
      `${made}Connection: close\r\n` +
      "Content-Type: application/x-www-form-urlencoded\r\n" +
      `Content-Length: ${form.length}\r\n\r\n${form}`,
  );
  return String(Buffer.concat(await Array.fromAsync(socket)));
}

/** Containers that come and go are networks to Chromium, which then gives up what is under way. */
const CHANGED = /ERR_NETWORK_CHANGED/;

function isChanged(error: Error): false {
  if (CHANGED.test(error.message)) return false;
  throw error;
}

/** Someone logs in on the page, and types in a terminal. */
async function assertWorks(gateway: TestGateway, origin: string, base: string): Promise<void> {
  await using alice = await browser.person({
    origin,
    ignoreHTTPSErrors: true,
    tolerate: CHANGED,
  });
  let tab: TestTab;
  await until(() => alice.open(`${base}/`).then((opened) => Boolean(tab = opened), isChanged));
  const { page } = tab!;
  await page.fill("#username", "alice");
  await page.fill("#password", "wonderland");
  await Promise.all([page.waitForEvent("load"), page.click("#log-in")]);
  await tab!.prompt();
  assertEquals(await tab!.run("echo through a proxy"), "through a proxy");
  const isSecure = origin.startsWith("https:");
  const [cookie] = await alice.context.cookies();
  const name = isSecure ? (base === "" ? "__Host-ttygate" : "__Secure-ttygate") : "ttygate";
  assertEquals([cookie!.name, cookie!.secure, cookie!.path], [name, isSecure, base || "/"]);
  const answer = await logInFrom("127.0.0.5", origin, base);
  assertMatch(answer, /^HTTP\/1\.1 303 /);
  assertEquals(/^strict-transport-security:/im.test(answer), isSecure);
  await gateway.logged(/logged in user=alice remote=127\.0\.0\.5$/m);
  assertEquals(await checkProxies(gateway.env.TTYGATE_GATEWAY_ADMIN_SOCKET!), [{
    check: "proxy",
    status: "ok",
    message: "the running gateway has noticed nothing wrong with a proxy",
    mend: null,
  }]);
}

const start = (env: GatewayOptions["env"]) => TestGateway.start({ env });

Deno.test("nginx, as documented, over TLS", async () => {
  await using gateway = await start(TRUSTED);
  await using proxy = await TestProxy.nginx(gateway.host, NGINX);
  await assertWorks(gateway, proxy.secure, "");
  const plain = await fetch(`${proxy.plain}/x?y`, { redirect: "manual" });
  await plain.body?.cancel();
  assertEquals([plain.status, plain.headers.get("location")], [301, "https://localhost/x?y"]);
});

Deno.test("nginx, as documented, over plain HTTP", async () => {
  await using gateway = await start(TRUSTED);
  await using proxy = await TestProxy.nginx(gateway.host, NGINX_PLAIN);
  await assertWorks(gateway, proxy.plain, "");
});

Deno.test("nginx, as documented, with one path of a site, over TLS", async () => {
  await using gateway = await start(BELOW);
  const config = NGINX.replace(LOCATION, NGINX_BELOW);
  await using proxy = await TestProxy.nginx(gateway.host, config);
  await assertWorks(gateway, proxy.secure, "/shell");
});

Deno.test("nginx by a Unix socket needs no trust but the socket's mode", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const socket = join(home, "web.sock");
    await using gateway = await TestGateway.start({
      home,
      env: { TTYGATE_GATEWAY_LISTEN: `127.0.0.1:0,${socket}` },
    });
    await Deno.chmod(home, 0o755);
    await Deno.chmod(socket, 0o666); // nginx's workers are in no group of this process's
    const config = NGINX.replace("http://127.0.0.1:8080", `http://unix:${socket}`);
    assert(config.includes("unix:"));
    await using proxy = await TestProxy.nginx(gateway.host, config);
    await assertWorks(gateway, proxy.secure, "");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("Caddy, as documented, over TLS", async () => {
  await using gateway = await start(TRUSTED);
  await using proxy = await TestProxy.caddy(gateway.host, CADDY);
  await assertWorks(gateway, proxy.secure, "");
});

Deno.test("Caddy, as documented, over plain HTTP", async () => {
  await using gateway = await start(TRUSTED);
  await using proxy = await TestProxy.caddy(gateway.host, CADDY, "http");
  await assertWorks(gateway, proxy.plain, "");
});

Deno.test("Caddy, as documented, with one path of a site, over TLS", async () => {
  await using gateway = await start(BELOW);
  await using proxy = await TestProxy.caddy(gateway.host, CADDY_BELOW);
  await assertWorks(gateway, proxy.secure, "/shell");
});

/** A configuration without the lines that match. */
function without(config: string, lines: RegExp): string {
  const rest = config.split("\n").filter((line) => !lines.test(line)).join("\n");
  assert(rest !== config);
  return rest;
}

/** What is told, in the journal and to the doctor. */
async function assertTold(gateway: TestGateway, pattern: RegExp): Promise<void> {
  await gateway.logged(pattern);
  const findings = await checkProxies(gateway.env.TTYGATE_GATEWAY_ADMIN_SOCKET!);
  const said = findings.map(({ status, message, mend }) => `${status} ${message}; ${mend}`);
  assert(said.some((line) => pattern.test(line) && line.startsWith("warn")), said.join("\n"));
  const told = new RegExp(pattern.source, "g");
  assertEquals(gateway.log.match(told)!.length, 1, "once");
}

Deno.test("a proxy that does not pass on Host is told of, by the refusal of a log-in as well", async () => {
  await using gateway = await start(TRUSTED);
  for (const lines of [/ Host /, / Host | X-Forwarded-/]) {
    await using proxy = await TestProxy.nginx(gateway.host, without(NGINX_PLAIN, lines));
    const answer = await logInFrom("127.0.0.1", proxy.plain, "");
    assertMatch(answer, /^HTTP\/1\.1 403 /);
    assertMatch(answer, /does not pass on the host that was asked for .*proxy_set_header Host/);
  }
  await assertTold(gateway, /does not pass on the host that was asked for \(Host\)/);
});

Deno.test("a proxy that does not pass WebSockets is told of, by the page as well", async () => {
  await using gateway = await start(TRUSTED);
  const config = without(NGINX_PLAIN, /Upgrade|Connection/);
  await using proxy = await TestProxy.nginx(gateway.host, config);
  await using alice = await browser.person({
    origin: proxy.plain,
    cookie: await gateway.logIn(),
    tolerate: /WebSocket connection to .* failed|status of 426/,
  });
  const tab = await alice.open("/");
  await tab.phase("refused");
  const text = await tab.page.locator("body").innerText();
  assertMatch(text, /The proxy in front of ttygate does not pass WebSockets \(Upgrade\)/);
  await assertTold(gateway, /does not pass WebSockets \(Upgrade\)/);
});

Deno.test("a proxy that is not trusted is told of", async () => {
  await using gateway = await start({});
  await using proxy = await TestProxy.nginx(gateway.host, NGINX);
  const answer = await logInFrom("127.0.0.5", proxy.secure, "");
  assertMatch(answer, /^set-cookie: ttygate=(?!.*Secure)/m);
  await gateway.logged(/logged in user=alice remote=127\.0\.0\.1$/m);
  await assertTold(gateway, /is not trusted: .* add its address to gateway\.trusted_proxies/);
});

Deno.test("a trusted proxy that does not say what the browser speaks is told of", async () => {
  await using gateway = await start(TRUSTED);
  const config = without(NGINX, /X-Forwarded-Proto/);
  await using proxy = await TestProxy.nginx(gateway.host, config);
  assertMatch(await logInFrom("127.0.0.1", proxy.secure, "", ""), /^HTTP\/1\.1 303 /);
  await assertTold(gateway, /does not say rightly what the browser speaks/);
});

Deno.test("a name of nobody's leads nowhere, and the answer says how to mend it", async () => {
  await using gateway = await start({});
  const config = NGINX_PLAIN.replace("$http_host", "shell.example.net");
  await using proxy = await TestProxy.nginx(gateway.host, config);
  const answer = await logInFrom("127.0.0.1", proxy.plain, "");
  assertMatch(answer, /^HTTP\/1\.1 421 /);
  assertMatch(answer, /name shell\.example\.net\. .*gateway\.hosts .*gateway\.trusted_proxies/);
});
