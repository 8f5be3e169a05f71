/** `GET /terminal`: hands a client that was let in over to the agent that has its terminal. */
import type { Dismissal, Opening } from "../agent/agent.ts";
import { RosterError } from "../nodes/roster.ts";
import { NotOfferedError } from "../sessions/errors.ts";
import { Refusal } from "./answers.ts";
import type { Gateway } from "./gateway.ts";
import type { TerminalRequest } from "./upgrade.ts";

/**
 * Serves a client until its connection is over, or dismisses it when its login is.
 *
 * @throws {Refusal | AgentAwayError} while nothing has been answered yet
 */
export async function serveTerminal(
  opening: Opening,
  { identity, ...visit }: TerminalRequest,
  { agent, terminals, logins, accounts, leaving }: Gateway,
): Promise<void> {
  using account = identity.ended ? null : logins.follow(visit.user);
  const dismissed = new AbortController();
  const dismiss = (dismissal: Dismissal) => dismissed.abort(dismissal);
  const onLoginEnd = () => dismiss({ why: "login", ended: accounts.endingOf(visit.user) });
  const onLeave = () => dismiss({ why: "restart" });
  using _login = whenAborted(identity.ended ?? account!.changed, onLoginEnd);
  using _leave = whenAborted(leaving, onLeave);
  // The account may have ended while the client waited for its turn.
  if (accounts.endingOf(visit.user) !== null) onLoginEnd();
  terminals.add(visit);
  try {
    await agent.serve(opening, visit, dismissed.signal);
  } catch (error) {
    if (error instanceof RosterError || error instanceof NotOfferedError) {
      throw new Refusal(404, error.message);
    }
    throw error;
  } finally {
    terminals.delete(visit);
  }
}

/** Calls back once, at once where it has been aborted. */
function whenAborted(signal: AbortSignal, then: () => void): Disposable {
  if (signal.aborted) then();
  else signal.addEventListener("abort", then, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", then) };
}
