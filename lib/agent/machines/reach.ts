/** Has a machine run for its files, as for a shell. */
import { FilesError } from "../../protocol/files.ts";
import { MachineError, WAIT_MS } from "../../protocol/machines.ts";
import { machineContainer } from "../../sessions/machine_spec.ts";
import type { Machine } from "./machine.ts";
import type { Machines } from "./machines.ts";

/** Where a machine's files are. @throws {FilesError} */
export async function reach(
  machine: Machine | undefined,
  machines: Pick<Machines, "open">,
  signal: AbortSignal,
) {
  if (!machine || machine.record.deletedMs !== null) {
    throw new FilesError("gone", "There is no such machine any more.");
  }
  const { id, user, name, profile, home } = machine.record;
  if (machine.phase !== "running") {
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
      await machines.open(user, name, () => {}, inTime);
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof MachineError
        ? error.message
        : `The machine ${name} is still on its way. Try again in a moment.`;
      throw new FilesError("still", why, { cause: error });
    }
  }
  return { container: machineContainer(id), profile, home };
}
