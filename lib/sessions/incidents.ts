/** Listens to what befalls containers from outside, for as long as the gateway runs. */
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import type { Engine, Incident } from "./engine.ts";

/** How long to wait before asking again for the engine's incidents when they break off. */
const FIRST_RETRY_MS = 50;
const RETRY_MS = 1_000;
/** The journal need not hear of each try while the engine is away. */
const TELL_EVERY_MS = 60_000;

/** Tells of each incident until the signal is aborted. */
export async function watchIncidents(
  tell: (incident: Incident) => void,
  { engine, clock, log, signal }: {
    engine: Pick<Engine, "incidents">;
    clock: Clock;
    log: Log;
    signal: AbortSignal;
  },
): Promise<void> {
  let toldMs = -Infinity;
  while (!signal.aborted) {
    const triedMs = clock.now();
    try {
      for await (const incident of engine.incidents(signal)) tell(incident);
    } catch (error) {
      if (signal.aborted) return;
      if (clock.now() - toldMs >= TELL_EVERY_MS) {
        log.warning("the engine's events broke off; a kill may go by as an exit", { error });
        toldMs = clock.now();
      }
    }
    const lasted = clock.now() - triedMs >= RETRY_MS;
    await sleep(lasted ? FIRST_RETRY_MS : RETRY_MS, clock, signal);
  }
}
