import { assert } from "@std/assert";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

Deno.test("tiny frames of every kind do not keep others from typing and coming in", async () => {
  await using gateway = await startGateway({ TTYGATE_SESSION_MAX_PER_USER: "20" });
  const outcome = await playOn(gateway, { name: "frames", scale: 4, seconds: 6 });
  const { frames } = outcome.did;
  assert(frames! > 10_000, `only ${frames} frames were sent`);
  assertOthersGoOn(outcome, { echoMs: 2_000 });
});
