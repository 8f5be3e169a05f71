/** How long a shell takes to say something. */
import { settlesWithin } from "../clock.ts";
import type { Output } from "../terminal/output.ts";
import type { Clock } from "../types.ts";

/** The longest a start waits for the first output before the session counts as ready. */
const PROMPT_MS = 1_000;

/**
 * Waits for output past an offset.
 *
 * @returns after how many milliseconds it came, null where it did not in time
 */
export async function firstOutput(
  output: Output,
  begin: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | null> {
  const since = clock.now();
  await settlesWithin(output.after(begin, signal), PROMPT_MS, clock);
  return output.end > begin ? clock.now() - since : null;
}
