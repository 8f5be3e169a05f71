/** Counts of an agent, and a node, for tests. */
import { type Counts, ECHO_SECONDS, START_SECONDS } from "../../../lib/protocol/counts.ts";
import type { NodeInfo } from "../../../lib/protocol/nodes.ts";

/** A histogram with one in its first bucket. */
const once = (bounds: readonly number[], sum: number) => ({
  buckets: [1, ...bounds.map(() => 0)],
  sum,
});

/** What an agent may say that did everything once. */
export function counts(changes: Partial<Counts> = {}): Counts {
  return {
    ...{ sessions: 1, attached: 1, ready: 1, draining: false, started: 1 },
    ended: { exit: 1 },
    events: [{ event: "session-refused", why: "server", count: 1 }],
    ...{ run: "one", inputBytes: 10, outputBytes: 20, poolHits: 1, poolMisses: 1 },
    engineErrors: [{ call: "create", answer: "none", count: 1 }],
    starts: [
      { start: "cold", stage: "create", seconds: once(START_SECONDS, 0.005) },
      { start: "cold", stage: "all", seconds: once(START_SECONDS, 0.01) },
    ],
    echo: once(ECHO_SECONDS, 0.0005),
    ...changes,
  };
}

export const node: NodeInfo = {
  ...{ name: "west", kind: "joined", state: "online", draining: false, sessions: 1, ready: 1 },
  ...{ maxTotal: 5, image: "test", images: [], labels: [], swarm: null, remote: null, since: null },
};
