import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { play } from "./experiment.ts";
import { summary } from "./others.ts";

Deno.test("who opens and closes sessions all the time does not keep others from theirs", async () => {
  await using gateway = await TestGateway.start({
    users: { other: "correct horse", attacker: "battery staple" },
    env: {
      TTYGATE_SESSION_MAX_PER_USER: "20",
      TTYGATE_SESSION_RECONNECT_GRACE: "1s",
      TTYGATE_POOL_SIZE: "2",
    },
  });
  const { origin } = gateway;
  const { did, under } = await play({
    name: "churn",
    scale: 4,
    seconds: 8,
    from: "127.0.0.2",
    other: { origin, username: "other", password: "correct horse" },
    attacker: { origin, username: "attacker", password: "battery staple" },
    pids: [gateway.process.pid],
    calmSeconds: 1,
    afterSeconds: 1,
  });
  const { sessions } = did;
  assert(sessions! >= 2 && sessions! <= 3 + 8 + 5, `${sessions} sessions were opened`);
  const echoes = summary(under.echoes), starts = summary(under.starts);
  assert(echoes.worst < 2_000, `a key took ${echoes.worst} ms`);
  assert(starts.worst < 5_000, `a start took ${starts.worst} ms`);
  assertEquals([starts.refused, summary(under.logins).refused], [0, 0]);
});
