/** What strangers do with connections and requests alone: others go on, and memory does not. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { play } from "./experiment.ts";
import { summary } from "./others.ts";

const SECONDS = 6;
/** Generous: speed is measured by `deno task attack`. */
const ECHO_MS = 5_000;
const GROWTH_BYTES = 256 * 1024 * 1024;

for (const name of ["pipelining", "pipelining-asset", "dripping", "garbage"]) {
  Deno.test(`the attack '${name}' keeps nobody from typing and coming in`, async () => {
    await using gateway = await TestGateway.start({
      users: { other: "correct horse" },
      env: { TTYGATE_SESSION_MAX_PER_USER: "10", TTYGATE_SESSION_RECONNECT_GRACE: "1s" },
    });
    const account = { origin: gateway.origin, username: "other", password: "correct horse" };
    const { calm, under } = await play({
      ...{ name, scale: 1, seconds: SECONDS, from: "127.0.0.2", calmSeconds: 2, afterSeconds: 1 },
      attacker: account,
      other: account,
      pids: [gateway.process.pid],
    });
    const { count, refused } = summary(under.logins);
    assert(count > 0);
    assertEquals([refused, summary(under.starts).refused], [0, 0]);
    assert(summary(under.echoes).worst < ECHO_MS);
    assert(Math.max(...under.memory) < Math.max(...calm.memory) + GROWTH_BYTES);
  });
}
