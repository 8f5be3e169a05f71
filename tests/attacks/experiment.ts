/** One attack played on one gateway, and what others felt before, while and after. */
import { fileURLToPath } from "node:url";
import { ATTACKS } from "./all.ts";
import type { Order } from "./player.ts";
import { type Account, type Felt, logIn, Others } from "./others.ts";

/** How long the calm is measured, and for how long after the attack. */
const CALM_SECONDS = 6, AFTER_SECONDS = 4;
const START_MS = 60_000;

/** What is played on whom. */
export interface Plan {
  readonly name: string;
  /** How many times the size at which the attack was first seen to work. */
  readonly scale: number;
  readonly seconds: number;
  /** The attacker's address. */
  readonly from: string;
  /** The attacker's own account, for attacks that need one. */
  readonly attacker: Account;
  /** Who feels it. */
  readonly other: Account;
  /** The gateway's process, where it is known. */
  readonly pids: readonly number[];
  readonly calmSeconds?: number;
  readonly afterSeconds?: number;
}

/** What came of it. */
export interface Outcome {
  /** What the attacker did and got, in numbers. */
  readonly did: Readonly<Record<string, number>>;
  readonly calm: Felt;
  readonly under: Felt;
  /** The first seconds after the attack's end. */
  readonly after: Felt;
}

/** Plays it. */
export async function play(plan: Plan): Promise<Outcome> {
  const { attack } = await ATTACKS[plan.name]!();
  const cookie = attack.account ? await logIn(plan.attacker) : "";
  await using others = await Others.open(plan.other, plan.pids);
  const feel = (seconds: number) => others.feel(AbortSignal.timeout(seconds * 1000));
  const calm = await feel(plan.calmSeconds ?? CALM_SECONDS);
  const { hostname, port } = new URL(plan.other.origin);
  const order: Order = {
    name: plan.name,
    victim: {
      origin: plan.other.origin,
      hostname,
      port: Number(port),
      cookie,
      other: plan.other.username,
    },
    play: { from: plan.from, scale: plan.scale },
    seconds: plan.seconds,
  };
  // An attacker has a machine of its own; here it takes only what nobody else wants of this one.
  const attacker = new Deno.Command("nice", {
    args: [
      ...["-n", "19", Deno.execPath()],
      ...["run", "--quiet", "--no-check", "--unstable-net", "--allow-all"],
      fileURLToPath(import.meta.resolve("./player.ts")),
      JSON.stringify(order),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = attacker.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const kill = () => {
    try {
      attacker.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(kill, START_MS + plan.seconds * 1000);
  try {
    if ((await lines.read()).done) throw new Error(`the attack ${plan.name} did not begin`);
    const under = await feel(plan.seconds);
    let said = "";
    for (let read; !(read = await lines.read()).done;) said += read.value;
    const after = await feel(plan.afterSeconds ?? AFTER_SECONDS);
    return { did: JSON.parse(said || "{}"), calm, under, after };
  } finally {
    clearTimeout(timer);
    kill();
    await attacker.status;
  }
}
