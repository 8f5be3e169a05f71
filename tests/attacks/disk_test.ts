import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { play } from "./experiment.ts";
import { summary } from "./others.ts";

Deno.test("who fills the disk is ended again and again, and others type and start", async () => {
  await using gateway = await TestGateway.start({
    users: { other: "correct horse", attacker: "battery staple" },
    env: {
      TTYGATE_CONTAINER_DISK: "64MB",
      TTYGATE_SESSION_MAX_PER_USER: "40",
      TTYGATE_SESSION_RECONNECT_GRACE: "0s",
    },
  });
  const { origin, process: { pid } } = gateway;
  const { did, under } = await play({
    name: "disk",
    scale: 1,
    seconds: 10,
    from: "127.0.0.2",
    other: { origin, username: "other", password: "correct horse" },
    attacker: { origin, username: "attacker", password: "battery staple" },
    pids: [pid],
    calmSeconds: 1,
    afterSeconds: 1,
  });
  assert(did["ended for the disk"]! >= 1, JSON.stringify(did));
  assertEquals(did["finished"], 0);
  assertEquals([summary(under.logins).refused, summary(under.starts).refused], [0, 0]);
  await gateway.haveContainers(0);
});
