/** What a client does to a gateway on purpose, where real containers or half a minute of silence count. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway, until } from "../support/gateway.ts";
import { rawConnection } from "../support/raw_http.ts";
import { TestTerminal } from "../support/terminal.ts";

Deno.test("a client that asks for much and reads nothing is cut off", async () => {
  await using gateway = await TestGateway.start();
  const cookie = await gateway.logIn();
  const page = await (await fetch(`${gateway.origin}/`, { headers: { cookie } })).text();
  const script = /src="(\S+\/terminal\.\S+\.js)"/.exec(page)![1]!;
  using connection = await rawConnection(gateway.host);
  const request = `GET ${script} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const write = (text: string) => connection.write(new TextEncoder().encode(text));
  // Harmless at first.
  await write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await connection.read(new Uint8Array(4096));
  await write(request.repeat(100));
  await until(() => /a connection was cut: its client does not read/.test(gateway.log), 120_000);
});

Deno.test("a storm of terminals opened and closed takes no more than its own places", async () => {
  await using small = await TestGateway.start({
    users: { alice: "wonderland", bob: "builder" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "2", TTYGATE_SESSION_MAX_TOTAL: "3" },
  });
  const stormy = await small.logIn(), calm = await small.logIn("bob", "builder");
  let phase: "storm" | "over" = "storm";
  let most = 0;
  const storm = async () => {
    while (phase === "storm") {
      await using terminal = await TestTerminal.connect(small, { cookie: stormy });
      terminal.cut();
    }
  };
  const storms = Array.from({ length: 4 }, storm);
  for (let round = 0; round < 3; round++) {
    await using terminal = await TestTerminal.open(small, { cookie: calm });
    const own = (await small.containers())
      .filter(({ Labels }) => Labels["ttygate.user"] === "alice");
    most = Math.max(most, own.length);
    assertEquals(await terminal.run("echo fine"), "fine");
    terminal.type("exit\r");
    await terminal.closed;
  }
  phase = "over";
  await Promise.all(storms);
  assert(most <= 2, `${most} containers`);
  await until(async () => (await small.containers()).length === 0);
});
