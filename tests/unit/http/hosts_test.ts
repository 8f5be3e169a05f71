/** The hosts a gateway answers to, and what it tells browsers of its transport. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { makeCertificate } from "../../support/certificate.ts";
import { TestGateway } from "../../support/gateway.ts";
import { rawHttp } from "../../support/raw_http.ts";
import { Machine } from "../../support/scripted_agent.ts";

const machine = new Machine();
Deno.test.afterAll(() => machine[Symbol.asyncDispose]());

/** The status of `GET /login` for these Host headers. */
async function statusFor(
  gateway: TestGateway,
  hosts: readonly string[],
  { target = "/login", version = "1.1", more = "" } = {},
): Promise<number> {
  const lines = hosts.map((host) => `Host: ${host}\r\n`).join("");
  const head = `GET ${target} HTTP/${version}\r\n${lines}${more}Connection: close\r\n\r\n`;
  return (await rawHttp(gateway.host, head)).status;
}

Deno.test("a gateway answers to addresses, localhost, its machine's name and what is configured", async () => {
  await using gateway = await TestGateway.start({
    agent: machine,
    env: {
      TTYGATE_GATEWAY_ALLOWED_ORIGINS: "https://portal.example",
      TTYGATE_GATEWAY_HOSTS: "shell.example,*.shells.example",
    },
  });
  const { hostname, port } = new URL(gateway.origin);
  const known = [`${hostname}:${port}`, "127.0.0.1", "192.0.2.9:80", "[::1]:8080", "localhost:1"];
  known.push(
    "app.localhost",
    Deno.hostname(),
    "portal.example",
    "shell.example",
    "SHELL.example.:80",
  );
  known.push("a.shells.example");
  for (const host of known) assertEquals(await statusFor(gateway, [host]), 200, host);
  const foreign = [
    "evil.example",
    "shells.example",
    "a.b.shells.example",
    "localhost.evil.example",
  ];
  foreign.push("127.0.0.1.evil.example", "shell.example.evil");
  for (const host of foreign) assertEquals(await statusFor(gateway, [host]), 421, host);
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const evil = `GET /terminal HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n`;
  const { status, text } = await rawHttp(gateway.host, `${evil}${upgrade}\r\n`);
  assertEquals(status, 421);
  assertMatch(text, /does not answer to the name evil\.example\. .* add it to gateway\.hosts/);
  assertEquals(await statusFor(gateway, ["evil.example"], { target: "/healthz" }), 200);
  // In a target that has a host, that one counts (RFC 9112, section 3.2.2).
  const absolute = { target: "http://evil.example/login" };
  assertEquals(await statusFor(gateway, ["localhost"], absolute), 421);
});

Deno.test("a request names one host, which is one", async () => {
  await using gateway = await TestGateway.start({ agent: machine });
  const wrong = [[], ["localhost", "localhost"], ["localhost", "evil.example"], ["a b"], [""]];
  wrong.push(["localhost, localhost"], ["user@localhost"], ["[::zz]:99999999 @/\\"], ["a/b"]);
  for (const hosts of wrong) {
    for (const target of ["/login", "/healthz"]) {
      assertEquals(await statusFor(gateway, hosts, { target }), 400, hosts.join(" and "));
    }
  }
  assertEquals(await statusFor(gateway, [], { version: "1.0" }), 200, "HTTP/1.0 knows no Host");
});

Deno.test("a trusted proxy chooses its sites, unless gateway.hosts says which they are", async () => {
  const trusted = { TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1" };
  {
    await using gateway = await TestGateway.start({ agent: machine, env: trusted });
    assertEquals(await statusFor(gateway, ["shell.example"]), 200);
  }
  await using gateway = await TestGateway.start({
    agent: machine,
    env: { ...trusted, TTYGATE_GATEWAY_HOSTS: "shell.example" },
  });
  assertEquals(await statusFor(gateway, ["shell.example"]), 200);
  assertEquals(await statusFor(gateway, ["evil.example"]), 421);
  assertEquals(await statusFor(gateway, ["127.0.0.1"]), 200);
});

Deno.test("under TLS a gateway answers to the names in its certificate, and says to stay with TLS", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const names = ["DNS:shell.example", "DNS:*.shells.example", "IP:127.0.0.1"];
    await makeCertificate(home, "shown", names);
    const [cert, key] = [join(home, "shown.crt"), join(home, "shown.key")];
    await using gateway = await TestGateway.start({
      agent: machine,
      home,
      env: { TTYGATE_GATEWAY_TLS_CERT: cert, TTYGATE_GATEWAY_TLS_KEY: key },
    });
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(cert)],
      allowHost: true,
    });
    const get = async (host: string, path: string) => {
      const response = await fetch(gateway.origin + path, {
        headers: { host },
        redirect: "manual",
        client,
      });
      await response.body?.cancel();
      return {
        status: response.status,
        hsts: response.headers.get("strict-transport-security"),
      };
    };
    assertEquals(await get("shell.example", "/login"), { status: 200, hsts: "max-age=31536000" });
    assertEquals(await get("a.shells.example:444", "/"), { status: 303, hsts: "max-age=86400" });
    assertEquals((await get("evil.example", "/login")).status, 421);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a trusted proxy that says https has browsers stay with it, others cannot", async () => {
  for (const [proxies, hsts] of [["127.0.0.1", "max-age=31536000"], ["192.0.2.1", null]] as const) {
    await using gateway = await TestGateway.start({
      agent: machine,
      env: { TTYGATE_GATEWAY_TRUSTED_PROXIES: proxies },
    });
    const more = "X-Forwarded-Proto: https\r\n";
    const { text } = await rawHttp(
      gateway.host,
      `GET /login HTTP/1.1\r\nHost: localhost\r\n${more}Connection: close\r\n\r\n`,
    );
    const told = /^strict-transport-security: (\S+)\r$/m.exec(text)?.[1] ?? null;
    assertEquals(told, hsts);
  }
});

Deno.test("a Unix socket for a proxy is its group's, and what it says of a client must be an address", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const socket = join(home, "web.sock");
    await using gateway = await TestGateway.start({
      agent: machine,
      home,
      env: { TTYGATE_GATEWAY_LISTEN: `127.0.0.1:0,${socket}` },
    });
    assertEquals((await Deno.stat(socket)).mode! & 0o777, 0o660);
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
    const logIn = async (forwarded: string) => {
      const response = await fetch("http://127.0.0.1/login", {
        method: "POST",
        body: new URLSearchParams({ username: "alice", password: "wonderland" }),
        headers: { origin: "http://127.0.0.1", "x-forwarded-for": forwarded },
        redirect: "manual",
        client,
      });
      await response.body?.cancel();
    };
    await logIn("192.0.2.7");
    await gateway.logged(/logged in user=alice remote=192\.0\.2\.7/);
    await logIn("1.2.3.4 user=root");
    await gateway.logged(/logged in user=alice remote=unix/);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
