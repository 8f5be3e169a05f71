import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { play } from "./experiment.ts";
import { GROWTH } from "./newlines.ts";
import { summary } from "./others.ts";

const MOST_MIB = 200;

Deno.test("floods of empty lines cost the Docker daemon no memory, and others type on", async () => {
  await using gateway = await TestGateway.start({
    users: { other: "correct horse", attacker: "battery staple" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "40", TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  const { origin, process: { pid } } = gateway;
  const { did, under } = await play({
    name: "newlines",
    scale: 2,
    seconds: 8,
    from: "127.0.0.2",
    other: { origin, username: "other", password: "correct horse" },
    attacker: { origin, username: "attacker", password: "battery staple" },
    pids: [pid],
    calmSeconds: 1,
    afterSeconds: 1,
  });
  assertEquals(did["sessions"], 4);
  assert(did[GROWTH]! < MOST_MIB, `the Docker daemon grew by ${did[GROWTH]} MiB`);
  assertEquals(summary(under.logins).refused, 0);
  assertEquals(summary(under.starts).refused, 0);
  await gateway.haveContainers(0);
});
