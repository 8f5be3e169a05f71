import { assert } from "@std/assert";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

Deno.test("who opens and closes sessions all the time does not keep others from theirs", async () => {
  await using gateway = await startGateway({
    TTYGATE_SESSION_MAX_PER_USER: "20",
    TTYGATE_POOL_SIZE: "2",
  });
  const outcome = await playOn(gateway, { name: "churn", scale: 4, seconds: 8 });
  const { sessions } = outcome.did;
  assert(sessions! >= 2 && sessions! <= 3 + 8 + 5, `${sessions} sessions were opened`);
  assertOthersGoOn(outcome, { echoMs: 2_000, startMs: 5_000 });
});
