/** Asks a running gateway what it has noticed of the proxies in front of it. */
import { TroubleListShape } from "../../protocol/resources.ts";
import { ask, NoGatewayError } from "../admin_socket.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** @returns nothing where no gateway runs */
export async function checkProxies(adminSocket: string): Promise<Finding[]> {
  try {
    const { troubles } = await ask(adminSocket, TroubleListShape, "GET", "/api/v1/troubles");
    if (troubles.length === 0) {
      return [ok("proxy", "the running gateway has noticed nothing wrong with a proxy")];
    }
    return troubles.map(({ from, message, mend }) =>
      warn("proxy", `${message} (seen from ${from})`, mend)
    );
  } catch (error) {
    if (error instanceof NoGatewayError) return [];
    const mend = "run this as root; 'journalctl -u ttygate' has what was noticed, too";
    return [warn("proxy", `the running gateway was not asked: ${(error as Error).message}`, mend)];
  }
}
