/** A gateway's descriptors and memory over thousands of real sessions that end in every way. */
import { parseArgs } from "node:util";
import { until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";
import { leftAfterSweep } from "./report.ts";
import { type ProcessUse, use } from "./soak_world.ts";

const TOGETHER = 5;
const SAMPLES = 8;
/** What caches and a heap between two collections make of it. */
const RSS_SLACK_MIB = 40;
const IDLE_S = 2;

const WAYS = ["exit", "ended by request", "connection cut", "idle", "refused"] as const;

const HELP = `
Usage: deno task steady [--sessions N]

Opens N sessions (2,000 unless given), ${TOGETHER} at a time, and ends them in every way: ${
  WAYS.join(", ")
}.
Exits with 1 when descriptors or memory grow with their number, or anything is left behind.
`;

/** Opens a session and sees to its end in one way; resolves when it is over. */
async function live(place: Restarted, cookie: string, way: typeof WAYS[number]): Promise<void> {
  const { origin } = place.gateway;
  if (way === "refused") {
    const refused = await fetch(`${origin}/terminal`, { headers: { cookie } });
    await refused.body?.cancel();
    return;
  }
  const terminal = await TestTerminal.open({ origin }, { cookie });
  const { session } = terminal;
  try {
    switch (way) {
      case "exit":
        terminal.type("exit\n");
        await terminal.event("ended");
        break;
      case "ended by request": {
        const headers = { cookie, origin };
        const path = `${origin}/api/v1/sessions/${session}`;
        await (await fetch(path, { method: "DELETE", headers })).body?.cancel();
        break;
      }
      case "connection cut":
        terminal.cut();
        break;
      case "idle":
        await terminal.event("ended");
        break;
      default:
        way satisfies never;
    }
  } finally {
    await terminal[Symbol.asyncDispose]();
  }
}

async function steady(sessions: number): Promise<boolean> {
  await using place = await Restarted.start({
    TTYGATE_CONTAINER_COMMAND: "/bin/sh",
    TTYGATE_CONTAINER_NETWORK: "none",
    TTYGATE_SESSION_IDLE_TIMEOUT: `${IDLE_S}s`,
    TTYGATE_SESSION_IDLE_WARNING: "1s",
    TTYGATE_SESSION_RECONNECT_GRACE: "1s",
    TTYGATE_SESSION_MAX_PER_USER: "50",
  });
  const cookie = await place.gateway.logIn();
  const { pid } = place.gateway.process;
  const samples: ProcessUse[] = [];
  const sample = async (opened: number) => {
    const now = await use(pid);
    samples.push(now);
    console.log(`steady: ${opened} sessions | ${now.descriptors} descriptors, ${now.rssMiB} MiB`);
  };
  let begun = 0;
  const person = async (until: number) => {
    while (begun < until) await live(place, cookie, WAYS[begun++ % WAYS.length]!);
  };
  const none = async () => (await place.gateway.containers()).length === 0;
  for (let part = 0; part <= SAMPLES; part++) {
    await Promise.all(Array.from({ length: TOGETHER }, () => person(part * sessions / SAMPLES)));
    await until(none, 60_000);
    await sample(begun);
  }
  const left = await leftAfterSweep(place);
  console.log(`steady: left ${left.containers} containers, ${left.leases} leases`);
  const [warm, last] = [samples[Math.floor(SAMPLES / 2)]!, samples.at(-1)!];
  return left.containers + left.leases === 0 && last.descriptors <= warm.descriptors &&
    last.rssMiB <= warm.rssMiB + RSS_SLACK_MIB;
}

const { values: { sessions, help } } = parseArgs({
  options: { sessions: { type: "string" }, help: { type: "boolean" } },
});
const count = Number(sessions ?? 2_000);
if (help || !(Number.isInteger(count) && count > 0)) {
  console.error(HELP.trim());
  Deno.exit(2);
}
Deno.exit(await steady(count) ? 0 : 1);
