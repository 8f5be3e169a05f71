/** The attacker's process: plays the attack that its arguments name, prints what it did as JSON. */
import { ATTACKS } from "./all.ts";
import type { Play, Victim } from "./attack.ts";

/** What it is told. */
export interface Order {
  readonly name: string;
  readonly victim: Victim;
  readonly play: Omit<Play, "signal">;
  readonly seconds: number;
}

/** After the time is up, for what is under way. */
const LATE_MS = 5_000;

if (import.meta.main) {
  const { name, victim, play, seconds }: Order = JSON.parse(Deno.args[0]!);
  const { attack } = await ATTACKS[name]!();
  console.log("begun");
  setTimeout(() => Deno.exit(1), seconds * 1000 + LATE_MS);
  const signal = AbortSignal.timeout(seconds * 1000);
  console.log(JSON.stringify(await attack.play(victim, { ...play, signal })));
  Deno.exit();
}
