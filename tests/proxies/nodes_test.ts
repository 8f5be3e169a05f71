/** Nodes that dial through nginx and Caddy as documented, over TLS that a private authority has signed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestAgent } from "../support/agent.ts";
import { ttygate } from "../support/gateway.ts";
import { NodePlace } from "../support/node_place.ts";
import { documented, TestProxy } from "../support/proxy.ts";
import { TestTerminal } from "../support/terminal.ts";

const TRUSTED = { TTYGATE_GATEWAY_TRUSTED_PROXIES: "127.0.0.1,::1" };

for (
  const [name, open] of [
    [
      "nginx",
      async (host: string) => TestProxy.nginx(host, await documented("proxies.md", "nginx")),
    ],
    [
      "Caddy",
      async (host: string) => TestProxy.caddy(host, await documented("proxies.md", "caddy")),
    ],
  ] as const
) {
  Deno.test(`a node dials through ${name}, and only where it trusts the certificate`, async () => {
    await using place = new NodePlace();
    const gateway = await place.begin(TRUSTED);
    await using proxy = await open(gateway.host);
    await using agent = await TestAgent.start();
    const { token } = JSON.parse(await place.cli("node", "invite", "west", "--json"));
    const distrusting = await ttygate(["agent", "join", proxy.secure], {
      env: { TTYGATE_AGENT_STATE_DIR: join(agent.home, "state") },
      stdin: `${token}\n`,
    });
    assertEquals(distrusting.code, 1);
    assertMatch(distrusting.stderr, /cannot reach https:.*certificate/i);
    assert(!distrusting.stderr.includes(token));

    await place.join(agent, "west", { url: proxy.secure, options: ["--ca", proxy.certificate] });
    const cookie = await gateway.logIn();
    await using terminal = await TestTerminal.open(gateway, { cookie });
    assertEquals(await terminal.run("echo $((6 * 7))"), "42");
    terminal.type("exit\r");
    await terminal.closed;
  });
}
