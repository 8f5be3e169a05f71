/** The ways to an agent: in the gateway's process, behind a Unix socket, and at the end of a pipe. */
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Agent } from "../../../lib/agent/agent.ts";
import { AgentServer } from "../../../lib/agent/server.ts";
import { dialAgent, RemoteAgent } from "../../../lib/agent/remote.ts";
import { systemClock } from "../../../lib/clock.ts";
import { createLog } from "../../../lib/log.ts";
import { Dialler } from "../../../lib/nodes/dialler.ts";
import type { Clock } from "../../../lib/types.ts";
import { Front } from "../../support/front.ts";
import { until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { Switchboard } from "../../support/switchboard.ts";

const log = createLog(() => {}, { prefix: false, clock: () => new Date() });
const clock = systemClock;

type Way = (machine: Machine, held: AsyncDisposableStack) => Promise<Agent>;

const WAYS: Readonly<Record<string, Way>> = {
  "in process": ({ agent }) => Promise.resolve(agent),

  "over a Unix socket": async (machine) => {
    const path = await machine.listen();
    return new RemoteAgent(() => dialAgent(path), clock);
  },

  "over connections that the agent dialled": async ({ agent }, held) => {
    const board = held.use(await Switchboard.start());
    const listener = held.use(new AgentServer(agent, log));
    // As an agent's does, beside what it dials.
    await new Promise<void>((resolve) =>
      listener.server.listen(join(board.home, "agent"), resolve)
    );
    const identity = await board.join("west");
    const serve = (stream: Duplex, onUse: () => void) => listener.accept(stream, onUse);
    held.use(new Dialler({ identity, status: () => agent.statusNow(), serve, clock, log }));
    await until(() => board.links.all.length === 1);
    return board.links.all[0]!.agent;
  },
};

export interface Scene {
  readonly agent: Agent;
  readonly machine: Machine;
  readonly front: Front;
}

/** A test of every way. @param agents the clock of the agent */
export function contract(
  what: string,
  play: (scene: Scene) => Promise<void>,
  agents?: Clock,
): void {
  for (const [way, reach] of Object.entries(WAYS)) {
    Deno.test(`${way}: ${what}`, async () => {
      await using held = new AsyncDisposableStack();
      const machine = held.use(new Machine(agents && { clock: agents }));
      const agent = await reach(machine, held);
      const front = held.use(await Front.start(agent));
      await play({ agent, machine, front });
    });
  }
}
