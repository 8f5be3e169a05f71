/** Many nodes on one gateway: their shells are played, so that the gateway alone is measured. */
import { join } from "node:path";
import { ask } from "../../../lib/cli/admin_socket.ts";
import { systemClock } from "../../../lib/clock.ts";
import { logTo } from "../../../lib/log.ts";
import { Dialler } from "../../../lib/nodes/dialler.ts";
import { newKey } from "../../../lib/nodes/keys.ts";
import { InvitationShape, JoinedShape, NodeListShape } from "../../../lib/protocol/nodes.ts";
import * as v from "valibot";
import { TestGateway, until } from "../../support/gateway.ts";
import { Machine } from "../../support/scripted_agent.ts";
import { type Lab, pause } from "../lab.ts";
import { memoryBytes } from "../process.ts";
import { Rounds } from "../rounds.ts";
import { Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Figure } from "../table.ts";
import { echoes } from "./echo.ts";

const NODES = 100, SESSIONS = 1000;
const PEOPLE = 50, PASSWORD = "wonderland";
/** Opened side by side, and how long one who opens too fast waits. */
const AT_ONCE = 4, RETRY_MS = 500;
const KEYS = 300;
/** What a gateway needs to forget the openings. */
const SETTLED_MS = 5_000;

export async function measureFleet(lab: Lab): Promise<Figure[]> {
  await using held = new AsyncDisposableStack();
  const names = Array.from({ length: PEOPLE }, (_, i) => `person${i}`);
  const home = await Deno.makeTempDir({ dir: lab.directory, prefix: "f" });
  const gateway = held.use(
    await TestGateway.start({
      home,
      users: Object.fromEntries(names.map((name) => [name, PASSWORD])),
      env: {
        TTYGATE_GATEWAY_AGENT: "none",
        TTYGATE_DOCKER_SOCKET: join(home, "none"),
        TTYGATE_SESSION_MAX_PER_USER: String(SESSIONS),
      },
    }),
  );
  lab.own(gateway.process);
  const cookies = await Promise.all(names.map((name) => gateway.logIn(name, PASSWORD)));
  const open = async (i: number) => {
    const target = {
      kind: "ttygate",
      origin: gateway.origin,
      cookie: cookies[i % PEOPLE]!,
    } as const;
    while (true) {
      try {
        return held.use((await Screen.open(target)).screen);
      } catch {
        await pause(RETRY_MS);
      }
    }
  };
  const one = new Rounds(), many = new Rounds(), memory = new Rounds();

  lab.say("a gateway with one node");
  await addNode(gateway, 0, held);
  const screen = await open(0);
  await echoes(screen, lab.amount(100, 1));
  const keys = lab.amount(KEYS, 10);
  for (let round = 1; round <= lab.rounds; round++) {
    one.add("ttygate", ...await echoes(screen, keys));
  }

  const nodes = lab.amount(NODES, 2), sessions = lab.amount(SESSIONS, 4);
  lab.say(`${nodes} nodes, ${sessions} sessions`);
  for (let i = 1; i < nodes; i++) await addNode(gateway, i, held);
  let next = 1;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < sessions) await open(next++);
  }));
  await pause(lab.amount(SETTLED_MS, 0));
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`${nodes} nodes, round ${round} of ${lab.rounds}`);
    many.add("ttygate", ...await echoes(screen, keys));
    memory.add("ttygate", memoryBytes([gateway.process.pid]) / 1024 ** 2);
  }
  const where = `of ${NODES} nodes with ${SESSIONS} sessions`;
  return [
    one.figure("echo of a key through the gateway of one node, median", "ms", median),
    many.figure(`the same ${where}`, "ms", median),
    memory.figure(`memory of a gateway ${where}`, "MiB", median),
  ];
}

/** A machine whose shells are played joins, and dials. */
async function addNode(
  gateway: TestGateway,
  number: number,
  held: AsyncDisposableStack,
): Promise<void> {
  const socket = gateway.env["TTYGATE_GATEWAY_ADMIN_SOCKET"]!;
  const invited = { name: `n${number}` };
  const { token } = await ask(socket, InvitationShape, "POST", "/api/v1/nodes", invited);
  const { privateKey, publicKey } = await newKey();
  const response = await fetch(`${gateway.origin}/agent/join`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, publicKey }),
  });
  const joined = v.parse(JoinedShape, await response.json());
  const machine = held.use(new Machine());
  await machine.listen();
  held.use(
    new Dialler({
      identity: { format: 1, url: gateway.origin, ...joined, privateKey, ca: "" },
      status: () => machine.agent.statusNow(),
      serve: (stream, onUse) => machine.accept(stream, onUse),
      clock: systemClock,
      log: logTo(() => {}),
    }),
  );
  await until(async () =>
    (await ask(socket, NodeListShape, "GET", "/api/v1/nodes")).nodes
      .some(({ name, state }) => name === invited.name && state === "online")
  );
}
