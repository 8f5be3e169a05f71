/** Asks a running gateway what it has noticed of the proxies in front of it. */
import { ask, NoGatewayError } from "../admin_socket.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** One of `GET /api/v1/troubles`. */
interface Told {
  readonly from: string;
  readonly message: string;
  readonly mend: string;
}

/** @returns nothing where no gateway runs */
export async function checkProxies(adminSocket: string): Promise<Finding[]> {
  try {
    const { troubles } = await ask(adminSocket, "GET", "/api/v1/troubles") as {
      troubles: readonly Told[];
    };
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
