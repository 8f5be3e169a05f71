/** `GET /`: the terminal page, with what it would ask for first. */
import { settlesWithin } from "../clock.ts";
import type { Known } from "../protocol/nodes.ts";
import type { Principal } from "../types.ts";
import type { Gateway } from "./gateway.ts";
import { imagesFor } from "./nodes.ts";
import { terminalPage } from "./pages.ts";
import type { KnownCall } from "./router.ts";
import { ownSessions } from "./sessions.ts";
import { languageOf } from "../words/mod.ts";

/** How long the page waits for what it brings: it can ask for that as well. */
const KNOWN_MS = 150;

export async function showTerminal(
  { caller, principal, gateway }: KnownCall,
): Promise<Response> {
  const known = await knownOf(principal, gateway);
  const { name: user, admin } = principal;
  const language = languageOf(caller.headers.get("accept-language"));
  const takesSsh = gateway.sshAddresses.size > 0;
  return terminalPage({ ...gateway, user, admin, takesSsh, known, language });
}

/** Null where an agent takes its time, or does not answer. */
async function knownOf(principal: Principal, gateway: Gateway): Promise<Known | null> {
  const asked = Promise.all([ownSessions(principal, gateway), imagesFor(principal, gateway)]);
  const known = asked.then(
    ([{ sessions }, { images }]) => ({ at: new Date().toISOString(), sessions, images }),
    () => null, // the page asks, and says what is wrong
  );
  return await settlesWithin(known, KNOWN_MS, gateway.clock) ? await known : null;
}
