import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { play } from "./experiment.ts";
import { summary } from "./others.ts";

Deno.test("tiny frames of every kind do not keep others from typing and coming in", async () => {
  await using gateway = await TestGateway.start({
    users: { other: "correct horse", attacker: "battery staple" },
    env: { TTYGATE_SESSION_MAX_PER_USER: "20", TTYGATE_SESSION_RECONNECT_GRACE: "1s" },
  });
  const { origin } = gateway;
  const { did, under } = await play({
    name: "frames",
    scale: 4,
    seconds: 6,
    from: "127.0.0.2",
    other: { origin, username: "other", password: "correct horse" },
    attacker: { origin, username: "attacker", password: "battery staple" },
    pids: [gateway.process.pid],
    calmSeconds: 1,
    afterSeconds: 1,
  });
  assert(did.frames! > 10_000, `only ${did.frames} frames were sent`);
  const { worst } = summary(under.echoes);
  assert(worst < 2_000, `a key took ${worst} ms`);
  assertEquals([summary(under.logins).refused, summary(under.starts).refused], [0, 0]);
});
