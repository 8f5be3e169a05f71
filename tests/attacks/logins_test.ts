/** The attacks on log-ins, played for some seconds: nobody else is kept out, and guesses are bounded. */
import { assert } from "@std/assert";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

for (const name of ["logins", "lockout", "names"]) {
  Deno.test(`the attack '${name}' keeps nobody out, and few of its guesses are checked`, async () => {
    await using gateway = await startGateway({
      TTYGATE_SESSION_MAX_PER_USER: "10",
      TTYGATE_AUTH_FAIL_DELAY: "2s",
    });
    const outcome = await playOn(gateway, { name, scale: 10, seconds: 8, calmSeconds: 3 });
    assertOthersGoOn(outcome, { echoMs: 5_000 });
    const { did } = outcome;
    // "lost" are those whose connection was refused.
    const turnedAway = ["answered 429", "answered 503", "lost"].map((how) => did[how] ?? 0);
    assert(turnedAway.some((count) => count > 0), JSON.stringify(did));
    // 30 names from one address, or 50 guesses at one name from many.
    assert((did["answered 401"] ?? 0) <= 60, JSON.stringify(did));
  });
}
