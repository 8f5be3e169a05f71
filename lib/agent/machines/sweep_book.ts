/** Removes the deleted machines of an agent whose day is over. */
import type { Log } from "../../log.ts";
import type { MachineEngine } from "../../sessions/machine_engine.ts";
import type { MachineBook } from "./machine_book.ts";
import { sweepMachines } from "./machine_file.ts";

/** With all that they kept; what cannot be removed yet is told and stays. */
export async function sweepBook(
  book: MachineBook,
  { engine, gone, log, unixTimeMs }: {
    readonly engine: MachineEngine;
    readonly gone: (id: string) => void;
    readonly log: Log;
    readonly unixTimeMs: () => number;
  },
): Promise<void> {
  const store = { read: () => Promise.resolve(book.records) };
  const swept = await sweepMachines(store, engine, { dryRun: false, nowMs: unixTimeMs() });
  for (const { id, user, name } of swept.removed) {
    book.delete(id);
    gone(id);
    log.info("a deleted machine is gone", { event: "machine-sweep", machine: id, user, name });
  }
  for (const { machine: { id, user, name }, error } of swept.failed) {
    log.warning("a deleted machine was not removed yet", { machine: id, user, name, error });
  }
  if (swept.removed.length > 0) book.noteSoon();
}
