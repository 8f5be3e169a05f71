import { assert, assertEquals } from "@std/assert";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

Deno.test("who fills the disk is ended again and again, and others type and start", async () => {
  await using gateway = await startGateway({
    TTYGATE_CONTAINER_DISK: "64MB",
    TTYGATE_SESSION_RECONNECT_GRACE: "0s",
  });
  const outcome = await playOn(gateway, { name: "disk", scale: 1, seconds: 10 });
  const { did } = outcome;
  assert(did["ended for the disk"]! >= 1, JSON.stringify(did));
  assertEquals(did["finished"], 0);
  assertOthersGoOn(outcome);
  await gateway.haveContainers(0);
});
