/** Why the gateway opens no terminal here, which looks like a dead network to a WebSocket. */
/// <reference lib="dom" />
import { refused, type Stopped } from "./phase.ts";
import { askRunning } from "./running.ts";

/** How long an answer may take. */
const ANSWER_MS = 3_000;

const UNAUTHORIZED = 401, UPGRADE_REQUIRED = 426;
/** However often it is asked. */
const FOR_GOOD = [403, 421];

/**
 * Asks the gateway below `base` by ordinary requests: whether to try again, to log in, or to tell
 * the person what is wrong. Never throws.
 *
 * @param isEnough counts a refusal that may be over soon; whether there were enough of them
 */
export async function afterRefusal(
  base: string,
  isEnough: () => boolean,
): Promise<Stopped | "login" | "again"> {
  const { status, refusal } = await askRunning(base);
  if (status === UNAUTHORIZED) return "login";
  if (FOR_GOOD.includes(status) && refusal !== "") return refused(refusal);
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
