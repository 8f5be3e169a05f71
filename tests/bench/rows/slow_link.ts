/** From Ctrl-C to the next prompt on a slow link, for those who serve terminals over TCP. */
import { Relay } from "../../support/relay.ts";
import type { Target } from "../contenders/contender.ts";
import type { Field } from "../field.ts";
import { type Lab, pause } from "../lab.ts";
import { Rounds } from "../rounds.ts";
import { PROMPT, Screen } from "../screen.ts";
import { median } from "../stats.ts";
import type { Column, Figure } from "../table.ts";

const SERVERS: readonly Column[] = ["ttygate", "apart", "ttyd", "wetty"];
const LINK = { bytesPerSecond: 1_000_000, delayMs: 50 };
/** How long the flood goes on at least and at most. */
const LEAST_MS = 1_000, MOST_MS = 1_500;
/** Two interrupts of a contender in one round; ttygate overtakes a flood no more often than this. */
const PAIRS = 3, APART_MS = 5_000;
const FLOODING_BYTES = 16 * 1024;
const INTERRUPT = Uint8Array.of(3);

export async function measureSlowLink(lab: Lab, field: Field): Promise<Figure[]> {
  const firsts = new Rounds(), seconds = new Rounds();
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { column, target } of field.only(SERVERS)) {
      lab.say(`Ctrl-C on a slow link, round ${round} of ${lab.rounds}, ${column}`);
      await using relay = new Relay(hostOf(target), LINK);
      await using screen = (await Screen.open(through(relay, target))).screen;
      const first: number[] = [], second: number[] = [];
      for (let pair = 0; pair < lab.amount(PAIRS, 1); pair++) {
        if (pair > 0) await pause(APART_MS);
        first.push(await interrupt(lab, screen));
        second.push(await interrupt(lab, screen));
      }
      firsts.add(column, ...first);
      seconds.add(column, ...second);
    }
  }
  const label = "Ctrl-C to the prompt under `yes`, slow link (1 MB/s, 50 ms each way)";
  return [
    firsts.figure(`${label}, median`, "ms", median),
    firsts.figure(`${label}, longest`, "ms", (all) => Math.max(...all)),
    seconds.figure(`${label}, a second one soon after, median`, "ms", median),
  ];
}

function hostOf(target: Target): string {
  if (target.kind === "ttygate") return new URL(target.origin).host;
  if (target.kind === "ttyd" || target.kind === "wetty") return target.host;
  throw new Error(`Cannot slow ${target.kind} down: it is not reached over TCP`);
}

function through(relay: Relay, target: Target): Target {
  return target.kind === "ttygate"
    ? { ...target, origin: relay.origin }
    : { ...target, host: relay.host } as Target;
}

async function interrupt(lab: Lab, screen: Screen): Promise<number> {
  screen.type("yes\r");
  await screen.seeBytes(screen.outputBytes + FLOODING_BYTES);
  await pause(lab.amount(LEAST_MS + Math.random() * (MOST_MS - LEAST_MS), 0));
  const from = performance.now();
  void screen.write(INTERRUPT);
  return await screen.see(PROMPT) - from;
}
