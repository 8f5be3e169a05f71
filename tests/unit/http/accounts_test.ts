/** What ends when an account is locked, removed or changed, and when; with a clock moved by hand. */
import { assertEquals } from "@std/assert";
import type { Accounts } from "../../../lib/auth/htpasswd_file.ts";
import { AgentAwayError } from "../../../lib/agent/agent.ts";
import type { SessionInfo } from "../../../lib/protocol/resources.ts";
import { AccountWatch, AWAY_MS, LOOK_MS } from "../../../lib/http/accounts.ts";
import { createLog } from "../../../lib/log.ts";
import type { Ending } from "../../../lib/sessions/endings.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function accountsOf(users: Readonly<Record<string, string>>): Accounts {
  const entries = Object.entries(users).map(([name, field], index) => {
    const locked = field.startsWith("!");
    return [name, { name, hash: field.replace("!", ""), locked, line: index + 1 }] as const;
  });
  return { byName: new Map(entries), highestCost: 4 };
}

function fixture(users: Readonly<Record<string, string>>) {
  const clock = new ManualClock();
  const ended: [string, Ending][] = [];
  const forgotten: string[] = [];
  const agent = { isAway: false, isNodeAway: false, asked: 0 };
  const seen = { accounts: accountsOf(users) as Accounts | null, checks: 0 };
  const sessions = ["alice", "bob"].map((user) =>
    ({
      id: user,
      user,
      phase: "live" as "live" | "ending",
    }) as SessionInfo
  );
  const gone = new Set<string>();
  const kept = (what: string, isUser: (name: string) => boolean) => {
    for (const name of ["alice", "bob"]) if (!isUser(name)) gone.add(`${what} of ${name}`);
    return Promise.resolve();
  };
  const watch = AccountWatch.start({
    stack: {
      accounts() {
        if (seen.accounts === null) throw new Error("unreadable");
        return seen.accounts;
      },
    },
    logins: { check: () => void seen.checks++ },
    guard: {
      forgive: (name) => forgotten.push(`failures of ${name}`) > 0,
      forgetSources: (name) => void forgotten.push(`addresses of ${name}`),
    },
    keys: { keepOf: (isUser) => kept("keys", isUser) },
    tokens: { keepOf: (isUser) => kept("tokens", isUser) },
    shares: { keepOf: (isUser) => kept("shares", isUser) },
    agent: {
      list: async () => {
        if (agent.isAway) throw new AgentAwayError("scripted");
        return await Promise.resolve(sessions);
      },
      end: (id, cause) => {
        agent.asked++;
        if (agent.isNodeAway) return Promise.reject(new AgentAwayError("scripted"));
        ended.push([id, cause]);
        return Promise.resolve("ended");
      },
    },
    clock,
    log: createLog(() => {}, { prefix: false, clock: () => new Date(0) }),
  });
  return { clock, watch, seen, agent, ended, forgotten, gone };
}

const USERS = { alice: "a", bob: "b" };

Deno.test("a user who is locked or removed loses the sessions within two looks, and is told why", async () => {
  for (
    const [users, message] of [
      [{ alice: "!a", bob: "b" }, "Your account was locked by an administrator."],
      [{ bob: "b" }, "Your account was removed by an administrator."],
    ] as const
  ) {
    const { clock, watch, seen, ended } = fixture(USERS);
    using _ = watch;
    await clock.advance(LOOK_MS);
    const checks = seen.checks;
    seen.accounts = accountsOf(users);
    await clock.advance(2 * LOOK_MS);
    assertEquals(ended, [["alice", {
      reason: "killed",
      exitCode: null,
      message,
      endsLogin: true,
    }]]);
    assertEquals(seen.checks, checks + 1);
    await clock.advance(10 * LOOK_MS);
    assertEquals([ended.length, seen.checks], [1, checks + 1], "an unchanged file costs nothing");
  }
});

Deno.test("a file that is half written, or away for a moment, ends nothing", async () => {
  const { clock, watch, seen, ended } = fixture(USERS);
  using _ = watch;
  for (const moment of [accountsOf({}), null, accountsOf({ bob: "b" })]) {
    await clock.advance(LOOK_MS);
    seen.accounts = moment;
    await clock.advance(LOOK_MS);
    seen.accounts = accountsOf(USERS);
    await clock.advance(2 * LOOK_MS);
  }
  seen.accounts = null;
  await clock.advance(100 * LOOK_MS);
  assertEquals(ended, []);
});

Deno.test("apply() takes the file for right at once, and the looks have nothing to do then", async () => {
  const { clock, watch, seen, ended } = fixture(USERS);
  using _ = watch;
  seen.accounts = accountsOf({ alice: "a", bob: "!b" });
  await watch.apply();
  assertEquals(ended.map(([user]) => user), ["bob"]);
  assertEquals([watch.endingOf("bob")?.reason, watch.endingOf("alice")], ["killed", null]);
  await clock.advance(10 * LOOK_MS);
  assertEquals(ended.length, 1);
});

Deno.test("where the agent is away, the sessions end when it is back", async () => {
  const { clock, watch, seen, agent, ended } = fixture(USERS);
  using _ = watch;
  await clock.advance(2 * LOOK_MS);
  agent.isAway = true;
  seen.accounts = accountsOf({ bob: "b" });
  await clock.advance(4 * LOOK_MS);
  assertEquals(ended, []);
  agent.isAway = false;
  await clock.advance(LOOK_MS);
  assertEquals(ended.map(([user]) => user), ["alice"]);
});

Deno.test("a session whose node is away ends when the node is back", async () => {
  const { clock, watch, seen, agent, ended } = fixture(USERS);
  using _ = watch;
  await clock.advance(2 * LOOK_MS);
  agent.isNodeAway = true;
  seen.accounts = accountsOf({ bob: "b" });
  await clock.advance(2 * LOOK_MS);
  assertEquals([ended, agent.asked], [[], 1]);
  await clock.advance(AWAY_MS - LOOK_MS);
  assertEquals([ended, agent.asked], [[], 1]);
  agent.isNodeAway = false;
  await clock.advance(LOOK_MS);
  assertEquals(ended.map(([user]) => user), ["alice"]);
  await clock.advance(2 * AWAY_MS);
  assertEquals(ended.length, 1);
});

Deno.test("a new password ends no session, and forgets the failures and addresses of before", async () => {
  const { clock, watch, seen, ended, forgotten } = fixture({ ...USERS, carol: "!c" });
  using _ = watch;
  await clock.advance(LOOK_MS);
  seen.accounts = accountsOf({ alice: "new", bob: "b", carol: "c" });
  await clock.advance(2 * LOOK_MS);
  assertEquals(ended, []);
  assertEquals(forgotten, ["failures of alice", "addresses of alice", "failures of carol"]);
});

Deno.test("disposing it stops the looks", async () => {
  const { clock, watch } = fixture(USERS);
  await clock.advance(LOOK_MS);
  watch[Symbol.dispose]();
  assertEquals(clock.pending, 0);
});

Deno.test("tokens, keys and shares of a user who is removed go, and those of one who is locked stay", async () => {
  const { clock, watch, seen, gone } = fixture(USERS);
  using _ = watch;
  seen.accounts = accountsOf({ alice: "!a", bob: "b" });
  await clock.advance(2 * LOOK_MS);
  assertEquals([...gone], []);
  seen.accounts = accountsOf({ bob: "b" });
  await clock.advance(2 * LOOK_MS);
  assertEquals([...gone].sort(), ["keys of alice", "shares of alice", "tokens of alice"]);
});
