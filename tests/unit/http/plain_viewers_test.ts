import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "node:stream";
import { ViewerOverError } from "../../../lib/agent/viewer.ts";
import { PlainViewers } from "../../../lib/http/plain/viewers.ts";
import { until } from "../../support/gateway.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("a client that goes before its session is there leaves no connection and no viewer", async () => {
  const clock = new ManualClock();
  using viewers = new PlainViewers(clock);
  const gone = new AbortController();
  let connection: Duplex | undefined;
  const serve = (opening: { connection: Duplex }) => {
    connection = opening.connection.resume();
    return new Promise<void>((resolve) => opening.connection.on("close", () => resolve()));
  };
  const opening = viewers.open("alice", serve, gone.signal);
  gone.abort();
  await assertRejects(() => opening, ViewerOverError);
  await until(() => connection!.destroyed);
  assertEquals(clock.pending, 0);
});
