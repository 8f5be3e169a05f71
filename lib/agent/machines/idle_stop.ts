/** Stops machines that nobody uses; they stay, and the next shell starts them. */
import { sleep } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { inWords } from "../../sessions/endings.ts";
import type { MachineEngine } from "../../sessions/machine_engine.ts";
import type { Clock } from "../../types.ts";
import type { Machine } from "./machine.ts";
import type { MachineBook } from "./machine_book.ts";

/** How often it is looked who was used, at most and at least. */
const LOOK_MS = 60_000, LOOK_LEAST_MS = 500;

export interface IdleStopParts {
  readonly engine: Pick<MachineEngine, "hasPrograms">;
  readonly settings: () => { readonly idleStopMs: number | null };
  readonly idleMs: (machine: string) => number | null;
  readonly stop: (machine: Machine, message: string) => Promise<unknown>;
  readonly unixTimeMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Notes which were used, and stops those that were not for too long, until the signal is aborted. */
export async function stopUnused(
  book: MachineBook,
  { signal, ...parts }: IdleStopParts & { readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await look(book, parts);
    const most = parts.settings().idleStopMs ?? Infinity;
    const pauseMs = Math.max(LOOK_LEAST_MS, Math.min(LOOK_MS, most / 4));
    await sleep(pauseMs, parts.clock, signal);
  }
}

/** Never throws. */
async function look(
  book: MachineBook,
  { engine, settings, idleMs, stop, unixTimeMs, log }: IdleStopParts,
): Promise<void> {
  const { idleStopMs } = settings();
  const running = book.all.filter(({ phase }) => phase === "running");
  let news = false;
  for (const machine of running) {
    const { id, user, name, usedMs, jobs } = machine.record;
    const typedMs = unixTimeMs() - (idleMs(id) ?? Infinity);
    if (typedMs > usedMs) {
      machine.change({ usedMs: Math.floor(typedMs) });
      news = true;
    }
    const unusedMs = unixTimeMs() - Math.max(typedMs, usedMs);
    if (idleStopMs === null || unusedMs < idleStopMs) continue;
    // What cannot be seen is not stopped.
    if (jobs && await engine.hasPrograms(id).catch(() => true)) continue;
    log.info("a machine that nobody used is stopped", {
      ...{ event: "machine-idle-stop", machine: id, user, name },
    });
    const message = `The machine ${name} was stopped: nobody used it for ${inWords(idleStopMs)}.`;
    await stop(machine, message).catch(() => {}); // the journal has it; it is tried again
  }
  if (news) book.noteSoon();
}
