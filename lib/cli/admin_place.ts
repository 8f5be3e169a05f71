/** Where commands find the gateway, also where its configuration has other mistakes. */
import { ConfigError, formatProblem } from "../config.ts";
import { Bus, unitPath } from "../systemd/bus.ts";
import type { CommandContext } from "./command.ts";

/** The path at which the package's unit listens. */
const UNIT_PATH = "/run/ttygate/admin.sock";
const UNIT = "ttygate.socket";
/** How long systemd may take to say how a unit is. */
const BUS_MS = 2_000;

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
  const signal = AbortSignal.timeout(BUS_MS);
  try {
    using bus = await Bus.connect(signal);
    const state = await bus.get({
      destination: "org.freedesktop.systemd1",
      path: unitPath(UNIT),
      interface: "org.freedesktop.systemd1.Unit",
      name: "SubState",
    }, signal);
    return state === "listening"; // "running" while its service does
  } catch {
    return false; // no systemd, or none that says
  }
}
