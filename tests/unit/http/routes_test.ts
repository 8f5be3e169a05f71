/** How paths are taken apart, with scripted parts instead of a gateway. */
import { assertEquals } from "@std/assert";
import { callerOf } from "../../../lib/http/caller.ts";
import type { Gateway } from "../../../lib/http/gateway.ts";
import { answer } from "../../../lib/http/routes.ts";
import { blockListOf } from "../../../lib/http/caller.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** Asks the admin socket to refresh a user. @returns the status, and whose failures were forgiven */
async function refresh(segment: string): Promise<[number, string[]]> {
  const forgiven: string[] = [];
  const gateway = {
    hosts: { require: () => {} },
    noticed: { look: () => {} },
    agent: { list: () => Promise.resolve([]) },
    accounts: { apply: () => Promise.resolve(), endingOf: () => null },
    guard: { forgive: (name: string) => forgiven.push(name) > 0 },
    clock: new ManualClock(),
  } as unknown as Gateway;
  const request = new Request(`http://x/api/v1/users/${segment}/refresh`, { method: "POST" });
  const { method, headers } = request;
  const caller = callerOf(
    { method, headers, host: "localhost", url: `/api/v1/users/${segment}/refresh` },
    { address: null, encrypted: false },
    { door: "admin", basePath: "/", trustedProxies: blockListOf([]) },
  );
  return [(await answer(caller, request, gateway)).status, forgiven];
}

Deno.test("a name in a path is decoded, and one that cannot be is 400", async () => {
  for (const name of ["alice", "alice@example.org", "a%40b", "ä b", "a/b"]) {
    assertEquals(await refresh(encodeURIComponent(name)), [200, [name]]);
  }
  assertEquals(await refresh("alice@example.org"), [200, ["alice@example.org"]]);
  for (const segment of ["%", "%zz", "%ff"]) assertEquals(await refresh(segment), [400, []]);
});
