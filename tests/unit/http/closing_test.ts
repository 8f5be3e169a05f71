/** A gateway that leaves answers whoever it has let in, and tells each that this was the last time. */
import { assertEquals, assertMatch } from "@std/assert";
import { TestGateway } from "../../support/gateway.ts";
import { rawConnection, readAnswer } from "../../support/raw_http.ts";
import { Machine } from "../../support/scripted_agent.ts";

const machine = new Machine();
Deno.test.afterAll(() => machine[Symbol.asyncDispose]());

const GET = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n";

async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

async function readSome(connection: Deno.Conn): Promise<string> {
  const bytes = new Uint8Array(64 * 1024);
  const count = await connection.read(bytes);
  return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
}

for (const signal of ["SIGUSR2", "SIGTERM"] as const) {
  Deno.test(`${signal}: open requests and those about to come get whole answers, and no more`, async () => {
    // A refused log-in is under way for this long.
    await using gateway = await TestGateway.start({
      agent: machine,
      env: { TTYGATE_AUTH_FAIL_DELAY: "3s" },
    });
    using silent = await rawConnection(gateway.host);
    using asking = await rawConnection(gateway.host);
    const form = "username=alice&password=wrong";
    await send(
      asking,
      `POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n`,
    );
    await send(asking, form);
    using kept = await rawConnection(gateway.host);
    await send(kept, GET);
    // Connections are let in one after the other, so that both others are in as well.
    assertMatch(await readSome(kept), /^HTTP\/1\.1 200/);
    gateway.process.kill(signal);
    await gateway.logged(/leaving/);

    assertEquals(await readSome(kept), "", "whoever waits for nothing is let go");
    await send(silent, GET);
    const [answer, refusal] = await Promise.all([readAnswer(silent), readAnswer(asking)]);
    assertEquals([answer.status, refusal.status], [200, 401]);
    for (const { text } of [answer, refusal]) {
      assertMatch(text, /^connection: close\r$/im);
      // The last chunk is empty (RFC 9112, section 7.1).
      assertMatch(text, /<\/html>\s*\r\n0\r\n\r\n$/);
    }
    assertEquals((await gateway.process.status).code, 0);
  });
}
