/** Another image than the default, in a real container. */
import { assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { TestTerminal } from "../support/terminal.ts";

Deno.test("a choice runs in its own image, within its own limits, and is as hard as any", async () => {
  await using gateway = await TestGateway.start({
    env: {
      TTYGATE_IMAGE_PROGRAMS_IMAGE: PROGRAMS_IMAGE,
      TTYGATE_IMAGE_PROGRAMS_COMMAND: "/bin/sh",
      TTYGATE_IMAGE_PROGRAMS_MEMORY: "100MB",
      TTYGATE_IMAGE_PROGRAMS_PIDS: "64",
      TTYGATE_POOL_SIZE: "1",
    },
  });
  const cookie = await gateway.logIn();
  await gateway.haveContainers(1); // a ready one, of the default
  await using terminal = await TestTerminal.open(gateway, { cookie, query: { image: "programs" } });
  const { image, limits } = await terminal.event("ready");
  assertEquals([image, limits.memory, limits.pids, limits.cpus], [
    ...[PROGRAMS_IMAGE, 104_857_600, 64, 0.5],
  ]);
  assertEquals(await terminal.run("command -v vim > /dev/null && echo vim"), "vim");
  const { Config, HostConfig } = await gateway.docker.containers.inspect(
    (await gateway.containers()).find(({ Image }) => Image === PROGRAMS_IMAGE)!.Id,
  );
  assertEquals(Config.Cmd?.at(-1), "/bin/sh");
  assertEquals([HostConfig.Memory, HostConfig.MemorySwap, HostConfig.PidsLimit], [
    ...[104_857_600, 104_857_600, 64],
  ]);
  assertEquals([HostConfig.CapDrop, HostConfig.Privileged], [["ALL"], false]);
  terminal.type("exit\r");
  await terminal.closed;
});
