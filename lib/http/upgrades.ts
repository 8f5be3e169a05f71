/** Connections that become something else than HTTP: terminals and ports of people, and nodes. */
import type { Opening } from "../agent/agent.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { acceptNode, nodeProtocolOf } from "./nodes.ts";
import { admitPort, portIn, servePort } from "./ports.ts";
import { serveTerminal } from "./terminal.ts";
import { admitTerminal } from "./upgrade.ts";

/**
 * Serves an upgrade request: a terminal until it is over, a node until its connection is taken.
 *
 * @param admitted called once it may stay as long as it likes: it has signs of life of its own
 * @throws {Refusal | AgentAwayError} with nothing answered yet
 */
export async function serveUpgrade(
  caller: Caller,
  opening: Opening,
  gateway: Gateway,
  admitted: (as: "terminal" | "node") => void,
): Promise<void> {
  const protocol = nodeProtocolOf(caller.headers.get("upgrade"));
  if (protocol !== null) {
    await acceptNode(caller, protocol, opening, gateway);
    return admitted("node");
  }
  const port = caller.listener === "web" ? portIn(caller) : null;
  if (port !== null) {
    const wish = await admitPort(caller, port, gateway);
    admitted("terminal");
    return await servePort(opening, wish, gateway);
  }
  const request = await admitTerminal(caller, gateway);
  admitted("terminal");
  await serveTerminal(opening, request, gateway);
}
