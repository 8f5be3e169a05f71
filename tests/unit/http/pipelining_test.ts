/** Requests sent ahead, in pieces, or not to the end: answered one at a time, in order, or let go. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { TestGateway, until } from "../../support/gateway.ts";
import { rawConnection, rawHttp, readAnswer } from "../../support/raw_http.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { TestTerminal } from "../../support/terminal.ts";

const held = new AsyncDisposableStack();
const machine = held.use(new Machine());
const gateway = held.use(await TestGateway.start({ agent: machine }));
Deno.test.afterAll(() => held.disposeAsync());
const HEAD = `Host: ${gateway.host}\r\nOrigin: ${gateway.origin}\r\n`;
const FORM = "username=alice&password=wonderland";
const FORM_HEAD = `POST /login HTTP/1.1\r\n${HEAD}` +
  "Content-Type: application/x-www-form-urlencoded\r\n";
const LAST = `GET /nothing HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`;

function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

Deno.test("a few requests sent ahead are answered in their order, however they are cut", async () => {
  const healthz = `GET /healthz HTTP/1.1\r\n${HEAD}\r\n`;
  const login = `${FORM_HEAD}Content-Length: ${FORM.length}\r\n\r\n${FORM}`;
  const chunked = `${FORM_HEAD}Transfer-Encoding: chunked\r\n\r\n` +
    `${FORM.length.toString(16)}\r\n${FORM}\r\n0\r\n\r\n`;
  const all = healthz + login + `\r\n${healthz}` + chunked + healthz + LAST;
  const expected = [200, 303, 200, 303, 200, 404];
  assertEquals(statuses((await rawHttp(gateway.host, all)).text), expected);
  for (const bytes of [1, 7, 64]) {
    const pieces = all.match(new RegExp(`[^]{1,${bytes}}`, "g"))!;
    assertEquals(statuses((await rawHttp(gateway.host, ...pieces)).text), expected, `by ${bytes}`);
  }
});

Deno.test("a client that sends very much ahead is answered, told that it was the last, and let go", async () => {
  for (const end of ["\r\n\r\n", "\n\n", "\r\n\n"]) {
    const request = `GET /login HTTP/1.1\r\nHost: ${gateway.host}${end}`;
    const { text } = await rawHttp(gateway.host, request.repeat(20_000));
    const count = statuses(text).length;
    assert(count < 500, `${count} answers`);
    if (text !== "") assertMatch(text, /connection: close\r\n/i);
  }
});

Deno.test("who reads nothing has one request done, and costs others nothing", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  const request = `GET /login HTTP/1.1\r\nHost: ${gateway.host}\r\n\r\n`;
  const connections: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 20; i++) {
      const connection = await rawConnection(gateway.host);
      connections.push(connection);
      connection.write(new TextEncoder().encode(request.repeat(5_000))).catch(() => {});
    }
    assertEquals(await terminal.run("echo fine"), "fine");
  } finally {
    for (const connection of connections) connection.close();
  }
  assertEquals(await terminal.run("echo fine"), "fine");
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("where a body is left unread the answer is the last, on any route", async () => {
  for (const target of ["/healthz", "/nothing", "/", "/api/v1/sessions", "/assets/x.js"]) {
    for (const method of ["GET", "POST", "DELETE"]) {
      const head = `${method} ${target} HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\nx`;
      const { text, status } = await rawHttp(gateway.host, head);
      assert(status >= 200, `${method} ${target}`);
      assertMatch(text, /^connection: close\r$/im, `${method} ${target}`);
    }
  }
});

Deno.test("the answer arrives, although the client has not said all that nobody reads", async () => {
  const bytes = 900_000;
  const head = `POST /nothing HTTP/1.1\r\n${HEAD}Content-Length: ${bytes}\r\n\r\n`;
  const { status } = await rawHttp(gateway.host, head, "x".repeat(bytes));
  assertEquals(status, 404);
});

Deno.test("other protocols than WebSocket are not heard of: the request is answered as it is", async () => {
  const upgrades = ["h2c", "HTTP/2.0", "tls/1.2, h2c", "websockets", "foo/1"];
  for (const upgrade of upgrades) {
    const lines =
      `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMA\r\n`;
    const request = `GET /healthz HTTP/1.1\r\n${HEAD}${lines}\r\n`;
    assertEquals(statuses((await rawHttp(gateway.host, request + LAST)).text), [200, 404], upgrade);
  }
  // One that is sent by another method than GET is none (RFC 6455, section 4.1).
  const login = `${FORM_HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Content-Length: ${FORM.length}\r\n\r\n${FORM}`;
  assertEquals(statuses((await rawHttp(gateway.host, login + LAST)).text), [303, 404]);
});

Deno.test("a head that is too long gets 431, one that is none 400, and each is the last", async () => {
  const long = `GET /healthz HTTP/1.1\r\n${HEAD}X: ${"a".repeat(20_000)}\r\n\r\n`;
  const cases: [string, number][] = [
    [long, 431],
    [`GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HEAD}\r\n`, 431],
    ["garbage\r\n\r\n", 400],
    ["GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400],
    [`GET /healthz HTTP/1.1\r\n${HEAD}A : b\r\n\r\n`, 400],
    [`GET /healthz HTTP/1.1\r\n${HEAD}A: \x01\r\n\r\n`, 400],
    ["GET /healthz HTTP/9.9\r\n\r\n", 400],
    [`POST /login HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n`, 400],
    [`POST /login HTTP/1.1\r\n${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, 400],
    [`POST /login HTTP/1.1\r\n${HEAD}Transfer-Encoding: gzip\r\n\r\n`, 400],
    [`POST /login HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n`, 400],
    [`CONNECT a:1 HTTP/1.1\r\n${HEAD}\r\n`, 400],
  ];
  for (const [bytes, expected] of cases) {
    const { status, text } = await rawHttp(gateway.host, bytes);
    assertEquals(status, expected, bytes.slice(0, 100));
    assertMatch(text, /^connection: close\r$/im);
  }
});

Deno.test("a body is asked for where the client waits for that, and only there", async () => {
  using connection = await rawConnection(gateway.host);
  const write = (text: string) => connection.write(new TextEncoder().encode(text));
  await write(
    `${FORM_HEAD}Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${FORM.length}\r\n\r\n`,
  );
  const bytes = new Uint8Array(1024);
  const count = await connection.read(bytes) ?? 0;
  assertMatch(new TextDecoder().decode(bytes.subarray(0, count)), /^HTTP\/1\.1 100 /);
  await write(FORM);
  assertEquals((await readAnswer(connection)).status, 303);
});

Deno.test("connections over an address's bound are dropped and told in a line; others, and those before, work on", async () => {
  await using terminal = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  const connections: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 4200; i++) connections.push(await rawConnection(gateway.host));
    assertEquals((await rawHttp(gateway.host, LAST)).status, 0);
    assertEquals(await terminal.run("echo fine"), "fine");
    await gateway.logged(
      /a connection was refused: its address has its share of them remote=127\.0\.0\.1/,
    );
    const { hostname: host, port } = new URL(gateway.origin);
    const other = connect({ host, port: Number(port), localAddress: "127.0.0.2" });
    other.write(LAST);
    assertMatch(String(Buffer.concat(await Array.fromAsync(other))), /^HTTP\/1\.1 404 /);
    assertEquals(gateway.log.match(/a connection was refused/g)!.length, 1);
  } finally {
    for (const connection of connections) connection.close();
  }
  await until(async () => (await rawHttp(gateway.host, LAST)).status === 404);
});
