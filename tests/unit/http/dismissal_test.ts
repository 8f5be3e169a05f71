/** When a gateway parts with a client that an agent serves, and what it says of why; with scripted parts. */
import { assertEquals } from "@std/assert";
import { Duplex } from "node:stream";
import type { Dismissal } from "../../../lib/agent/agent.ts";
import type { Gateway } from "../../../lib/http/gateway.ts";
import { serveTerminal } from "../../../lib/http/terminal.ts";
import type { TerminalRequest } from "../../../lib/http/upgrade.ts";
import { type Ending, ending } from "../../../lib/sessions/endings.ts";
import { settle } from "../../support/manual_clock.ts";

const REMOVED = ending("killed", "Your account was removed by an administrator.");

/** Someone who is being served, and what becomes of that. */
function served({ account = null }: { account?: Ending | null } = {}) {
  const login = new AbortController();
  const restart = new AbortController();
  const seen = { account, dismissals: [] as Dismissal[] };
  const over = Promise.withResolvers<void>();
  const terminals = new Set<object>();
  const gateway = {
    agent: {
      serve: (_opening: unknown, _visit: unknown, dismissed: AbortSignal) => {
        const note = () => seen.dismissals.push(dismissed.reason);
        if (dismissed.aborted) note();
        dismissed.addEventListener("abort", note);
        return over.promise;
      },
    },
    accounts: { endingOf: () => seen.account },
    leaving: restart.signal,
    terminals,
  } as unknown as Gateway;
  const request = {
    identity: { principal: { name: "alice", admin: false }, ended: login.signal, isLogin: true },
    user: "alice",
  } as unknown as TerminalRequest;
  const opening = { key: "", connection: new Duplex(), ahead: new Uint8Array() };
  const serving = serveTerminal(opening, request, gateway);
  return { login, restart, seen, over, terminals, serving };
}

Deno.test("whose login ends is dismissed, and hears how the account ended", async () => {
  const { login, seen, over, serving } = served();
  assertEquals(seen.dismissals, []);
  seen.account = REMOVED;
  login.abort();
  assertEquals(seen.dismissals, [{ why: "login", ended: REMOVED }]);
  over.resolve();
  await serving;
});

Deno.test("whose account ended while the client waited for its turn is dismissed at once", async () => {
  const { seen, over, serving } = served({ account: REMOVED });
  assertEquals(seen.dismissals, [{ why: "login", ended: REMOVED }]);
  over.resolve();
  await serving;
});

Deno.test("when the gateway restarts its clients are told to come back", async () => {
  const { restart, seen, over, serving } = served();
  restart.abort();
  assertEquals(seen.dismissals, [{ why: "restart" }]);
  over.resolve();
  await serving;
});

Deno.test("a terminal counts while it is served, and nobody is dismissed after that", async () => {
  const { login, seen, over, terminals, serving } = served();
  assertEquals(terminals.size, 1);
  over.resolve();
  await serving;
  await settle();
  assertEquals(terminals.size, 0);
  login.abort();
  assertEquals(seen.dismissals, []);
});
