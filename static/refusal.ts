/** Why the gateway opens no terminal here, which looks like a dead network to a WebSocket. */
/// <reference lib="dom" />
import { refused, type Stopped } from "./phase.ts";
import { askRunning } from "./running.ts";

/** How long an answer may take. */
const ANSWER_MS = 3_000;

const UNAUTHORIZED = 401, NOT_FOUND = 404, UPGRADE_REQUIRED = 426, UNAVAILABLE = 503;
/** However often it is asked. */
const FOR_GOOD = [403, 421];

/**
 * Asks the gateway below `base` by ordinary requests: whether to try again, to log in, or to tell
 * the person what is wrong. Never throws.
 *
 * @param isEnough counts a refusal that may be over soon; whether there were enough of them
 * @param session the id of the one to come back to: while its machine is away it is waited for
 * @param machine the named machine that a new one was to be a shell in; null for none
 */
export async function afterRefusal(
  base: string,
  isEnough: () => boolean,
  session: string | undefined,
  machine: string | null,
): Promise<Stopped | "login" | "again"> {
  const { status, refusal, away } = await askRunning(base);
  if (status === UNAUTHORIZED) return "login";
  const isAway = status === UNAVAILABLE || (session !== undefined && away.includes(session));
  if (session !== undefined && isAway) return "again";
  if (FOR_GOOD.includes(status) && refusal !== "") return refused(refusal);
  const missing = session === undefined && machine !== null && await askMissing(base, machine);
  if (missing) return refused(missing);
  const isGateway = status === 200 || refusal !== "";
  return isGateway && isEnough() ? refused(refusal || await askWhy(base)) : "again";
}

/** What the gateway says to who does not come by WebSocket, maybe as a proxy does not let it. */
async function askWhy(base: string): Promise<string> {
  try {
    const response = await fetch(`${base}/terminal`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await response.text();
    return response.status === UPGRADE_REQUIRED ? text.trim() : "";
  } catch {
    return "";
  }
}

/** What the gateway says where there is no such machine; "" where there is one, or it says nothing. */
async function askMissing(base: string, machine: string): Promise<string> {
  try {
    const response = await fetch(`${base}/api/v1/machines/${encodeURIComponent(machine)}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { detail = "" } = await response.json();
    return response.status === NOT_FOUND ? detail : "";
  } catch {
    return "";
  }
}
