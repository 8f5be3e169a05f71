/** What happens to a request for a terminal before it is accepted, with scripted parts. */
import { assertEquals, assertRejects } from "@std/assert";
import { blockListOf, callerOf } from "../../../lib/http/caller.ts";
import type { Gateway } from "../../../lib/http/gateway.ts";
import { admitTerminal } from "../../../lib/http/upgrade.ts";
import { Allowances, BURST_UNITS } from "../../../lib/terminal/allowance.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";

Deno.test("who hangs up while it waits for its turn is not waited for", async () => {
  const clock = new ManualClock();
  const openings = new Allowances(clock);
  const principal = { name: "alice", admin: false };
  const gateway = {
    ...{ openings, clock },
    hosts: { require() {} },
    noticed: { look() {} },
    stack: { authenticate: () => Promise.resolve({ ok: true, principal }), groupsOf: () => [] },
    counted: { of: () => ({ info() {} }) },
    allowedOrigins: [],
  } as unknown as Gateway;
  const headers = new Headers({
    "authorization": `Basic ${btoa("alice:wonderland")}`,
    "sec-websocket-protocol": "ttygate.v1",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-version": "13",
  });
  const hangUp = new AbortController();
  const caller = callerOf(
    { method: "GET", url: "/terminal", headers, host: "localhost" },
    { address: "192.0.2.1", encrypted: false, gone: hangUp.signal },
    { listener: "web", basePath: "/", trustedProxies: blockListOf([]) },
  );
  openings.of("alice").spend(BURST_UNITS + 1000);
  const admitted = admitTerminal(caller, gateway);
  await settle();
  assertEquals(clock.pending, 1);
  hangUp.abort(new Error("hung up"));
  await assertRejects(() => admitted, Error, "hung up");
  assertEquals(clock.pending, 0);
  // Whoever stays has it when the time has come.
  const { gone: _, ...stays } = caller;
  openings.of("alice").spend(1000);
  const second = admitTerminal(stays, gateway);
  await clock.advance(2000);
  assertEquals((await second).identity.principal, principal);
});
