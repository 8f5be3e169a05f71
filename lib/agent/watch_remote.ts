/** Waits for the changes of an agent in another process: one question at a time, answered when there are some. */
import type * as v from "valibot";
import { sleep } from "../clock.ts";
import type { Clock } from "../types.ts";
import { AgentAwayError } from "./agent.ts";
import type { ChangesShape } from "./wire.ts";

/** What changes sooner is told once: a pull tells its progress many times a second. */
const PACE_MS = 100;
/** How often an agent is taken to have changed that cannot say so. */
const OLDER_MS = 3_000;

/**
 * Tells now and after each change.
 *
 * @param ask resolves to how many changes there were, once that is another number than is known
 * @throws {AgentAwayError} when nobody answers
 */
export async function watchRemote(
  ask: (known: v.InferInput<typeof ChangesShape>, signal: AbortSignal) => Promise<number>,
  { told, signal, clock }: {
    readonly told: () => void;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  },
): Promise<void> {
  let known: number | null = null;
  while (!signal.aborted) {
    let pauseMs = PACE_MS;
    try {
      const now = await ask({ known }, signal);
      if (signal.aborted || now === known) continue;
      known = now;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof AgentAwayError) throw error;
      pauseMs = OLDER_MS; // it knows no such question
    }
    told();
    await sleep(pauseMs, clock, signal);
  }
}
