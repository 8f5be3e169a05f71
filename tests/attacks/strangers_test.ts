/** What strangers do with connections and requests alone: others go on, and memory does not. */
import { assert } from "@std/assert";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

const GROWTH_BYTES = 256 * 1024 * 1024;

for (const name of ["pipelining", "pipelining-asset", "dripping", "garbage"]) {
  Deno.test(`the attack '${name}' keeps nobody from typing and coming in`, async () => {
    await using gateway = await startGateway({ TTYGATE_SESSION_MAX_PER_USER: "10" });
    const outcome = await playOn(gateway, { name, scale: 1, seconds: 6, calmSeconds: 2 });
    assertOthersGoOn(outcome, { echoMs: 5_000 });
    const { calm, under } = outcome;
    assert(Math.max(...under.memory) < Math.max(...calm.memory) + GROWTH_BYTES);
  });
}
