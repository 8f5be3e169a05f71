/** The attacks on log-ins, played for some seconds: nobody else is kept out, and guesses are bounded. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { type Outcome, play } from "./experiment.ts";
import { summary } from "./others.ts";

const SECONDS = 8;
/** Generous: speed is measured by `deno task attack`. */
const ECHO_MS = 5_000;

async function attacked(name: string, scale: number): Promise<Outcome> {
  await using gateway = await TestGateway.start({
    users: { other: "correct horse" },
    env: {
      TTYGATE_SESSION_MAX_PER_USER: "10",
      TTYGATE_SESSION_RECONNECT_GRACE: "1s",
      TTYGATE_AUTH_FAIL_DELAY: "2s",
    },
  });
  const { origin } = gateway;
  const account = { origin, username: "other", password: "correct horse" };
  return await play({
    ...{ name, scale, seconds: SECONDS, from: "127.0.0.2", calmSeconds: 3, afterSeconds: 1 },
    attacker: account,
    other: account,
    pids: [gateway.process.pid],
  });
}

/** How many guesses were checked. */
function checked({ did }: Outcome): number {
  return did["answered 401"] ?? 0;
}

for (const [name, scale] of [["logins", 10], ["lockout", 10], ["names", 10]] as const) {
  Deno.test(`the attack '${name}' keeps nobody out, and few of its guesses are checked`, async () => {
    const outcome = await attacked(name, scale);
    const { under, did } = outcome;
    const { count, refused } = summary(under.logins);
    assert(count > 0);
    assertEquals(refused, 0, `log-ins refused; the attacker got ${JSON.stringify(did)}`);
    assertEquals(summary(under.starts).refused, 0);
    assert(summary(under.echoes).worst < ECHO_MS);
    // "lost" are those whose connection was refused.
    const turnedAway = ["answered 429", "answered 503", "lost"].map((how) => did[how] ?? 0);
    assert(turnedAway.some((count) => count > 0), JSON.stringify(did));
    // 30 names from one address, or 50 guesses at one name from many.
    assert(checked(outcome) <= 60, JSON.stringify(did));
  });
}
