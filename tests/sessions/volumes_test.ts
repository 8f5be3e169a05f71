/** Proves that the terminals' file system of a container does not stay behind it. */
import { assertEquals } from "@std/assert";
import { TestGateway, ttygate, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";

Deno.test("what a removal by hand leaves of a container's terminals goes with the next sweep", async () => {
  await using gateway = await TestGateway.start();
  const { docker, env, instance } = gateway;
  const labels = [`ttygate.ptys=${instance}`];
  const cookie = await gateway.logIn();
  const [one, other] = [
    await TestTerminal.open(gateway, { cookie }),
    await TestTerminal.open(gateway, { cookie }),
  ];
  await docker.containers.remove(`ttygate-${one.session}`, { force: true });
  await one.closed;
  assertEquals((await docker.volumes.list({ labels })).length, 2);
  const { code, stderr } = await ttygate(["sweep"], { env });
  assertEquals([code, stderr], [0, ""]);
  assertEquals((await docker.volumes.list({ labels })).length, 1);
  assertEquals(await other.run("echo works"), "works");
  other.type("exit\r");
  await other.closed;
  await until(async () => (await docker.volumes.list({ labels })).length === 0);
});
