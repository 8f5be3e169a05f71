/** A node that was taken over says that it has what others have: nobody comes to it for that. */
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { join } from "node:path";
import type { Agent } from "../../../lib/agent/agent.ts";
import { AgentServer } from "../../../lib/agent/server.ts";
import { systemClock } from "../../../lib/clock.ts";
import { Dialler } from "../../../lib/nodes/dialler.ts";
import { Fleet } from "../../../lib/nodes/fleet.ts";
import type { NodeStatus } from "../../../lib/protocol/nodes.ts";
import type { SessionInfo } from "../../../lib/protocol/resources.ts";
import { until } from "../../support/gateway.ts";
import { Switchboard } from "../../support/switchboard.ts";

const signal = new AbortController().signal;

function session(id: string, user: string, year: number): SessionInfo {
  return {
    ...{ id, user, image: "i", container: "c", started: `${year}-01-01T00:00:00Z`, phase: "live" },
    ...{ attached: false, remote: null, idleSeconds: 0, outputBytes: 0, offset: 0 },
  };
}

/** An agent that has these sessions, and whose shells all stand in the folder of its name. */
function agentOf(name: string, sessions: readonly SessionInfo[]): Agent {
  const place = () => Promise.resolve({ folder: `/${name}`, home: null, maxBytes: 0 });
  return { list: () => Promise.resolve(sessions), files: { place } } as unknown as Agent;
}

let held: AsyncDisposableStack, board: Switchboard, fleet: Fleet;
const linked = new Map<string, Dialler>();

async function enter(name: string, sessions: readonly SessionInfo[]): Promise<void> {
  const server = held.use(new AgentServer(agentOf(name, sessions), board.log));
  await once(server.server.listen(join(board.home, `${name}.sock`)), "listening"); // as agents do
  const status: NodeStatus = {
    ...{ ready: 0, maxTotal: 9, draining: false, image: "i", images: [], labels: [], swarm: null },
    sessions: [...sessions],
  };
  const dialler = new Dialler({
    ...{ identity: await board.join(name), clock: systemClock, log: board.log },
    status: () => status,
    serve: (stream, onUse) => server.accept(stream, onUse),
  });
  held.use(dialler);
  linked.set(name, dialler);
  await until(() => dialler.phase === "linked");
}

Deno.test.beforeAll(async () => {
  held = new AsyncDisposableStack();
  board = held.use(await Switchboard.start());
  fleet = new Fleet({
    local: { name: "here", agent: agentOf("here", [session("own", "alice", 2022)]) },
    roster: board.roster,
    links: board.links,
    rules: { maxPerUser: () => 9, labelsOf: () => [] },
    clock: systemClock,
  });
  await enter("honest", [session("x", "alice", 2023)]);
  const claims = ["own", "x", "y"].map((id) => session(id, "mallory", 1970));
  await enter("liar", claims);
});

Deno.test.afterAll(() => held.disposeAsync());

const folderOf = async (id: string) => (await fleet.files.place(id, signal)).folder;

const seen = async () => (await fleet.list()).map(({ id, user, node }) => [id, user, node]);

const TRUE = [
  ["y", "mallory", "liar"],
  ["own", "alice", "here"],
  ["x", "alice", "honest"],
];

Deno.test("a session is its user's, and at its machine, whatever another node says", async () => {
  assertEquals(await seen(), TRUE);
  const folders = await Promise.all(["own", "x", "y"].map(folderOf));
  assertEquals(folders, ["/here", "/honest", "/liar"]);
});

Deno.test("one whose node is away is not another node's meanwhile", async () => {
  await linked.get("honest")![Symbol.asyncDispose]();
  await until(() => board.links.all.length === 1);
  assertEquals(await seen(), TRUE);
  const away = await folderOf("x").catch((error) => error.name);
  assertEquals(away, "AgentAwayError");
});
