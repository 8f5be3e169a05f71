/** `GET /terminal`: hands a client that was let in over to the agent that has its terminal. */
import { whenAborted } from "../clock.ts";
import type { Dismissal, Opening } from "../agent/agent.ts";
import { RosterError } from "../nodes/roster.ts";
import { MachineError } from "../protocol/machines.ts";
import { NotOfferedError } from "../sessions/errors.ts";
import { Refusal } from "./answers.ts";
import type { Gateway } from "./gateway.ts";
import { stayOf } from "./guests.ts";
import { refusedMachine } from "./machines.ts";
import type { TerminalRequest } from "./upgrade.ts";

/**
 * Serves a client until its connection is over, or dismisses it when its login or its token is.
 *
 * @throws {Refusal | AgentAwayError} while nothing has been answered yet
 */
export async function serveTerminal(
  opening: Opening,
  { identity, coming, ...visit }: TerminalRequest,
  gateway: Gateway,
): Promise<void> {
  const { agent, terminals, logins, accounts, leaving } = gateway;
  using account = identity.isLogin ? null : logins.follow(visit.user);
  const dismissed = new AbortController();
  const dismiss = (dismissal: Dismissal) => dismissed.abort(dismissal);
  const onLoginEnd = () => dismiss({ why: "login", ended: accounts.endingOf(visit.user) });
  const onLeave = () => dismiss({ why: "restart" });
  using _login = identity.ended && whenAborted(identity.ended, onLoginEnd);
  using _account = account && whenAborted(account.changed, onLoginEnd);
  using _leave = whenAborted(leaving, onLeave);
  using stay = coming && stayOf(coming, visit, gateway);
  using _stay = stay &&
    whenAborted(stay.ended, () => dismiss({ why: "share", message: stay.ended.reason }));
  // The account may have ended while the client waited for its turn.
  if (accounts.endingOf(visit.user) !== null) onLoginEnd();
  terminals.add(visit);
  try {
    await agent.serve(opening, visit, dismissed.signal);
  } catch (error) {
    if (error instanceof RosterError || error instanceof NotOfferedError) {
      throw new Refusal(404, error.message);
    }
    if (error instanceof MachineError) throw refusedMachine(error);
    throw error;
  } finally {
    terminals.delete(visit);
  }
}
