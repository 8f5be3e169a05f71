/** How much of the disk machines use: measured for all at once, seldom, and only where somebody looks. */
import type { Log } from "../../log.ts";
import type { MachineDisk, MachineInfo } from "../../protocol/machines.ts";
import type { MachineEngine } from "../../sessions/machine_engine.ts";
import type { Clock } from "../../types.ts";

/** How old a measurement may be, also where one that runs is not in it. */
const FRESH_MS = 10 * 60_000, SOON_MS = 5_000;
/** How many times as long as the last one took the next one waits at least. */
const PART = 20;

export interface MachineDisksParts {
  readonly engine: Pick<MachineEngine, "disks">;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

export class MachineDisks {
  readonly #parts: MachineDisksParts;
  #disks: ReadonlyMap<string, MachineDisk> = new Map();
  /** When the next one may be. */
  #next = -Infinity;
  #soon = -Infinity;
  #phase: "resting" | "measuring" = "resting";

  constructor(parts: MachineDisksParts) {
    this.#parts = parts;
  }

  /** What was measured last; null where that is not known. It has them measured where that is old. */
  of(machine: string, isRunning: boolean): MachineDisk | null {
    const known = this.#disks.get(machine);
    const due = isRunning && known === undefined ? this.#soon : this.#next;
    if (this.#parts.clock.now() >= due && this.#phase === "resting") void this.#measure();
    return known ?? null;
  }

  /** What is told of a machine, with that. */
  told(machine: MachineInfo): MachineInfo {
    return { ...machine, disk: this.of(machine.id, machine.state === "running") };
  }

  /** Never throws: what could not be measured now is measured later. */
  async #measure(): Promise<void> {
    const { engine, clock, log, signal } = this.#parts;
    this.#phase = "measuring";
    const beganMs = clock.now();
    try {
      this.#disks = await engine.disks(signal);
    } catch (error) {
      if (!signal.aborted) log.warning("the disk of machines cannot be measured", { error });
    } finally {
      const restMs = PART * (clock.now() - beganMs);
      this.#next = clock.now() + Math.max(FRESH_MS, restMs);
      this.#soon = clock.now() + Math.max(SOON_MS, restMs);
      this.#phase = "resting";
    }
  }
}
