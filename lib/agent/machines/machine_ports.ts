/** The connections to ports of an agent's machines: so many of each, as long as it runs. */
import { MachineError } from "../../protocol/machines.ts";
import type { PortStream } from "../../protocol/port_stream.ts";
import { EngineError } from "../../sessions/errors.ts";
import { type MachineEngine, PortError } from "../../sessions/machine_engine.ts";
import type { Clock } from "../../types.ts";
import type { Machine } from "./machine.ts";

/** How many one machine has at a time: each is a process of its own in it. */
const MOST = 32;

export interface MachinePortsParts {
  readonly engine: Pick<MachineEngine, "connect">;
  /** How long ago somebody typed in one of a machine's shells; null where there is none. */
  readonly idleMs: (machine: string) => number | null;
  readonly clock: Clock;
}

/** Disposing it cuts them. */
export class MachinePorts implements AsyncDisposable {
  readonly #parts: MachinePortsParts;
  /** When bytes last went through one of each that had any, by its id. */
  readonly #usedMs = new Map<string, number>();
  /** How many each machine has, those included that are being made. */
  readonly #counts = new Map<string, number>();
  readonly #open = new Set<PortStream>();

  constructor(parts: MachinePortsParts) {
    this.#parts = parts;
  }

  /** How long ago a machine was last used through a port or a shell; null where it was not. */
  idleMs(id: string): number | null {
    const { clock, idleMs } = this.#parts;
    const used = this.#usedMs.get(id);
    const typed = idleMs(id);
    return used === undefined ? typed : Math.min(clock.now() - used, typed ?? Infinity);
  }

  /** @throws {MachineError} where it does not run, nothing listens there, or it has too many */
  async connect(
    { record: { id, name }, phase }: Machine,
    port: number,
    signal: AbortSignal,
  ): Promise<PortStream> {
    if (phase !== "running") {
      throw new MachineError("conflict", `The machine ${name} does not run: start it first.`);
    }
    const count = this.#counts.get(id) ?? 0;
    if (count >= MOST) {
      const message = `The machine ${name} has ${MOST} connections to its ports: end one first.`;
      throw new MachineError("limit", message);
    }
    this.#counts.set(id, count + 1);
    try {
      const stream = await this.#parts.engine.connect(id, port, signal);
      return this.#keep(stream, id);
    } catch (error) {
      this.#leave(id);
      signal.throwIfAborted();
      throw asMachineError(error, name, port);
    }
  }

  /** Of a machine that is gone. */
  forget(id: string): void {
    this.#usedMs.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((stream) => stream[Symbol.asyncDispose]()));
  }

  #keep(stream: PortStream, id: string): PortStream {
    const used = () => void this.#usedMs.set(id, this.#parts.clock.now());
    used();
    const kept: PortStream = {
      read: () => stream.read().finally(used),
      write: (bytes) => stream.write(bytes).finally(used),
      closeWrite: () => stream.closeWrite(),
      [Symbol.asyncDispose]: async () => {
        if (this.#open.delete(kept)) this.#leave(id);
        await stream[Symbol.asyncDispose]();
      },
    };
    this.#open.add(kept);
    return kept;
  }

  #leave(id: string): void {
    const count = this.#counts.get(id)! - 1;
    if (count === 0) this.#counts.delete(id);
    else this.#counts.set(id, count);
  }
}

function asMachineError(error: unknown, name: string, port: number): unknown {
  if (error instanceof EngineError) {
    return new MachineError("unable", `Port ${port} of ${name} cannot be reached now.`);
  }
  if (!(error instanceof PortError)) return error;
  if (error.why === "refused") {
    return new MachineError("closed", `Nothing listens on port ${port} of ${name}.`);
  }
  const kind = error.why === "unable" ? "refused" : "unable";
  const message = `Port ${port} of ${name} cannot be reached: ${error.message}.`;
  return new MachineError(kind, message);
}
