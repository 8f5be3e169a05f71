/** Which machines an agent has, found by whose they are and what they are called, and noted in a file. */
import type { Log } from "../../log.ts";
import { MachineError } from "../../protocol/machines.ts";
import type { Machine } from "./machine.ts";
import { isExpired, type MachineRecord, type MachineStore } from "./machine_file.ts";

export class MachineBook {
  readonly #machines = new Map<string, Machine>();
  #untold: "noted" | "noting" = "noted";

  constructor(
    private readonly store: MachineStore,
    private readonly unixTimeMs: () => number,
    private readonly log: Log,
  ) {}

  get all(): Machine[] {
    return [...this.#machines.values()];
  }

  get size(): number {
    return this.#machines.size;
  }

  get records(): readonly MachineRecord[] {
    return this.all.map(({ record }) => record);
  }

  add(machine: Machine): void {
    this.#machines.set(machine.record.id, machine);
  }

  delete(id: string): void {
    this.#machines.delete(id);
  }

  /** Those of a user, or of everybody, that live or can be restored. */
  of(user: string | null): Machine[] {
    return this.all.filter(({ record }) =>
      (user === null || record.user === user) && !isExpired(record, this.unixTimeMs())
    );
  }

  living(user: string, name: string): Machine | undefined {
    return this.of(user).find(({ record }) => record.name === name && record.deletedMs === null);
  }

  /** @throws {MachineError} when there is none */
  find(user: string, name: string): Machine {
    const machine = this.living(user, name);
    if (machine) return machine;
    throw new MachineError("unknown", `You have no machine ${name}.`);
  }

  /** The deleted one of that name that was deleted last. @throws {MachineError} when there is none */
  tomb(user: string, name: string): Machine {
    const [machine] = this.tombs(user, name);
    if (machine) return machine;
    throw new MachineError("unknown", `You have no machine ${name}.`);
  }

  tombs(user: string, name: string): Machine[] {
    return this.of(user)
      .filter(({ record }) => record.name === name && record.deletedMs !== null)
      .toSorted((a, b) => b.record.deletedMs! - a.record.deletedMs!);
  }

  /** Notes all as they are now. @throws {MachineError} when that cannot be; then it is taken back */
  async note(takeBack: () => void): Promise<void> {
    try {
      await this.store.write(() => this.records);
    } catch (error) {
      takeBack();
      this.log.error("the list of machines cannot be written", { error });
      throw new MachineError("unable", "The server cannot note this now. Try again in a minute.");
    }
  }

  /** Notes what nobody waits for, once for all that changes in the same moment. Never throws. */
  noteSoon(): void {
    if (this.#untold === "noting") return;
    this.#untold = "noting";
    const written = this.store.write(() => {
      this.#untold = "noted";
      return this.records;
    });
    written.catch((error) => {
      this.#untold = "noted";
      this.log.error("the list of machines cannot be written", { error });
    });
  }
}

/** @throws {MachineError} where somebody has as many as they may have */
export function requireRoom(count: number, most: number): void {
  if (count < most) return;
  const message = most === 0
    ? "Nobody may have machines here."
    : `You have ${count} machines, which is as many as you may have: delete one first.`;
  throw new MachineError("limit", message);
}
