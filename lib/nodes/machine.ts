/** A machine that can be asked. */
import type { Agent } from "../agent/agent.ts";
import type { Link } from "./link.ts";

export interface Machine {
  readonly name: string;
  readonly agent: Agent;
}

/** That of a node which is linked. */
export function machineOf({ node: { name }, agent }: Link): Machine {
  return { name, agent };
}

/** Whether it says that it has a session; one that does not answer says nothing. */
export async function hasSession({ agent }: Machine, session: string): Promise<boolean> {
  return (await agent.list().catch(() => [])).some(({ id }) => id === session);
}
