import { assert, assertEquals } from "@std/assert";
import { GROWTH } from "./newlines.ts";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

const MOST_MIB = 200;

Deno.test("floods of empty lines cost the Docker daemon no memory, and others type on", async () => {
  await using gateway = await startGateway({ TTYGATE_SESSION_RECONNECT_GRACE: "0s" });
  const outcome = await playOn(gateway, { name: "newlines", scale: 2, seconds: 8 });
  const { did } = outcome;
  assertEquals(did["sessions"], 4);
  assert(did[GROWTH]! < MOST_MIB, `the Docker daemon grew by ${did[GROWTH]} MiB`);
  assertOthersGoOn(outcome);
  await gateway.haveContainers(0);
});
