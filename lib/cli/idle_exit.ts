/** Finds out when nothing has lived in the gateway for so long that it may leave. */
import { sleep } from "../clock.ts";
import type { Clock } from "../types.ts";

/** How often it looks. */
const LOOK_MS = 1_000;

/** What there is to be seen. */
export interface Life {
  /** Whether there is anything now that a gateway which left would not bring back. */
  readonly lives: boolean;
  /** How many have come so far: who came and went between two looks counts, too. */
  readonly visits: number;
}

/** What it looks at. */
export interface IdleParts {
  readonly life: () => Life;
  /** Milliseconds, or null for never; asked each time, as it may change. */
  readonly idleExitMs: () => number | null;
  readonly clock: Clock;
}

/** Resolves once nothing has lived for `idleExitMs`; never does after the signal was aborted. */
export async function untilIdle(
  { life, idleExitMs, clock }: IdleParts,
  signal: AbortSignal,
): Promise<void> {
  let [quietSinceMs, visits] = [clock.now(), life().visits];
  while (true) {
    await sleep(Math.min(LOOK_MS, idleExitMs() ?? LOOK_MS), clock, signal);
    if (signal.aborted) return await new Promise<never>(() => {});
    const seen = life();
    if (seen.lives || seen.visits !== visits) quietSinceMs = clock.now();
    visits = seen.visits;
    const limitMs = idleExitMs();
    if (limitMs !== null && clock.now() - quietSinceMs >= limitMs) return;
  }
}
