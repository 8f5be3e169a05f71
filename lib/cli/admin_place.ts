/** Where commands find the gateway, also where its configuration has other mistakes. */
import { ConfigError, formatProblem } from "../config.ts";
import { properties, unitObject } from "../systemd/properties.ts";
import type { CommandContext } from "./command.ts";

/** The path at which the package's unit listens. */
const UNIT_PATH = "/run/ttygate/admin.sock";
const UNIT = "ttygate.socket";
/**
 * The admin socket's path; mistakes elsewhere in the configuration are told and no matter.
 *
 * @throws {Error} when the path itself is not known
 */
export async function adminSocketOf({ loosely, printError }: CommandContext): Promise<string> {
  const config = await loosely();
  for (const problem of config.problems) printError(`ttygate: warning: ${formatProblem(problem)}`);
  try {
    return config.value("gateway", "adminSocket");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const why = error.problems.map(formatProblem).join("; ");
    throw new Error(
      `the gateway was not asked, as its admin socket is not known: ${why}; mend that, or name the ` +
        "socket in TTYGATE_GATEWAY_ADMIN_SOCKET",
    );
  }
}

/**
 * Whether no gateway runs behind this admin socket, but systemd waits to start one at the first
 * connection of a browser.
 */
export async function waitsToBeStarted(adminSocket: string): Promise<boolean> {
  if (adminSocket !== UNIT_PATH) return false;
  const { signal } = new AbortController(); // busctl's own time limit is enough
  const [state] = await properties(unitObject(UNIT, "Unit"), ["SubState"], signal) ?? [];
  return state === "listening"; // "running" while its service does
}
