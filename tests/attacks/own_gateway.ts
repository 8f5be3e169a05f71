/** A gateway of its own for an attack, with an account for the attacker and one for somebody else. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { type Outcome, type Plan, play } from "./experiment.ts";
import { summary } from "./others.ts";

const USERS = { other: "correct horse", attacker: "battery staple" };
/** The attacker's address. */
export const FROM = "127.0.0.2";

/** Starts one on which there is room for the sessions of both. */
export function startGateway(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  return TestGateway.start({
    users: USERS,
    env: {
      TTYGATE_SESSION_MAX_PER_USER: "40",
      TTYGATE_SESSION_RECONNECT_GRACE: "1s",
      ...env,
    },
  });
}

/** Whom an attack on it is played on, and by whom. */
export function peopleOf({ origin, process: { pid } }: TestGateway) {
  const account = (username: keyof typeof USERS) => ({
    origin,
    username,
    password: USERS[username],
  });
  return { other: account("other"), attacker: account("attacker"), pids: [pid] };
}

/** Plays it for a test: the calm before it and after it are short. */
export function playOn(
  gateway: TestGateway,
  plan: Pick<Plan, "name" | "scale" | "seconds" | "calmSeconds">,
): Promise<Outcome> {
  return play({ from: FROM, calmSeconds: 1, afterSeconds: 1, ...peopleOf(gateway), ...plan });
}

/** That others went on while it was played; speed is measured by `deno task attack`. */
export function assertOthersGoOn(
  { did, under }: Outcome,
  most: { readonly echoMs?: number; readonly startMs?: number } = {},
): void {
  const echoes = summary(under.echoes), logins = summary(under.logins);
  const starts = summary(under.starts);
  assert(logins.count > 0);
  assertEquals(
    [logins.refused, starts.refused],
    [0, 0],
    `log-ins or starts refused; ${JSON.stringify(did)}`,
  );
  const { echoMs = Infinity, startMs = Infinity } = most;
  assert(echoes.worst < echoMs, `a key took ${echoes.worst} ms`);
  assert(starts.worst < startMs, `a start took ${starts.worst} ms`);
}
