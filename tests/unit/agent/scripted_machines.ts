/** Machines of an engine that a test plays, noted nowhere but in memory. */
import type { MachineRecord, MachineStore } from "../../../lib/agent/machines/machine_file.ts";
import type { MachineDisk } from "../../../lib/protocol/machines.ts";
import { EngineError } from "../../../lib/sessions/errors.ts";
import { type MachineEngine, PortError } from "../../../lib/sessions/machine_engine.ts";
import type { PortStream } from "../../../lib/protocol/port_stream.ts";
import { DuplexStream } from "../../../lib/agent/machines/port_wire.ts";
import { type Duplex, duplexPair } from "node:stream";

/** Each verb is in `calls`; set `failWith` to have the next ones fail, `hold` to have them wait. */
export class ScriptedMachines implements MachineEngine {
  readonly calls: string[] = [];
  /** The containers, by the ids of their machines, and whether they run. */
  readonly containers = new Map<string, { running: boolean }>();
  readonly #exits = new Map<string, PromiseWithResolvers<number>>();
  failWith: Error | null = null;
  hold: Promise<void> = Promise.resolve();
  hasJobs = false;

  async bring(
    { id }: Parameters<MachineEngine["bring"]>[0],
    _profile: unknown,
    { progress, signal }: Parameters<MachineEngine["bring"]>[2],
  ) {
    this.calls.push(`bring ${this.containers.has(id) ? "known" : "new"}`);
    const found = this.containers.get(id);
    if (found?.running) return { container: id, ran: true };
    if (!found) progress({ stage: "pull", percent: 40 });
    await this.hold;
    signal.throwIfAborted();
    this.#fail();
    progress({ stage: "start" });
    this.containers.set(id, { running: true });
    this.#exits.set(id, Promise.withResolvers());
    return { container: id, ran: false };
  }

  async stop(id: string): Promise<void> {
    this.calls.push("stop");
    await this.hold;
    this.#fail();
    this.exit(id, 143);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async remove(id: string): Promise<void> {
    this.calls.push("remove");
    this.#fail();
    this.containers.delete(id);
  }

  /** What is measured, and how often it was. */
  used: Readonly<Record<string, MachineDisk>> = {};
  measured = 0;

  // deno-lint-ignore require-await -- as an engine has it
  async disks(): Promise<ReadonlyMap<string, MachineDisk>> {
    this.measured++;
    this.#fail();
    return new Map(Object.entries(this.used));
  }

  // deno-lint-ignore require-await -- as an engine has it
  async isRunning(id: string): Promise<boolean> {
    return this.containers.get(id)?.running === true;
  }

  // deno-lint-ignore require-await -- as an engine has it
  async endShells(): Promise<void> {
    this.calls.push("endShells");
  }

  // deno-lint-ignore require-await -- as an engine has it
  async hasPrograms(): Promise<boolean> {
    return this.hasJobs;
  }

  /** What listens, by its port; it is given each connection. */
  readonly servers = new Map<number, (connection: Duplex) => void>();

  // deno-lint-ignore require-await -- what it throws is a rejection
  async connect(_id: string, port: number): Promise<PortStream> {
    const server = this.servers.get(port);
    if (!server) throw new PortError("refused", "nothing listens there");
    const [near, far] = duplexPair();
    // Neither end of a pair hears that the other one is destroyed.
    near.once("close", () => far.destroy());
    server(far);
    return new DuplexStream(near);
  }

  watchExit(id: string): Promise<number> {
    return (this.#exits.get(id) ?? Promise.withResolvers()).promise;
  }

  /** Its main process ends. */
  exit(id: string, status: number): void {
    const container = this.containers.get(id);
    if (!container) return;
    container.running = false;
    this.#exits.get(id)?.resolve(status);
  }

  #fail(): void {
    if (this.failWith) throw this.failWith;
  }
}

export function refusing(message: string): EngineError {
  return new EngineError(message, { answer: "refused" });
}

export class MemoryStore implements MachineStore {
  failsWith: Error | null = null;

  constructor(public records: readonly MachineRecord[] = []) {}

  read(): Promise<readonly MachineRecord[]> {
    return Promise.resolve(this.records);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async write(records: () => readonly MachineRecord[]): Promise<void> {
    if (this.failsWith) throw this.failsWith;
    this.records = structuredClone(records());
  }
}
