/** Where an agent notes its machines: one file of its state directory, written whole. */
import { dirname, join } from "node:path";
import * as v from "valibot";
import { writeWholeFile } from "../../files/whole_file.ts";
import type { Log } from "../../log.ts";
import { TOMB_MS } from "../../protocol/machines.ts";
import { ProfileShape } from "../../sessions/lease_record.ts";

/** The largest that is read, in bytes. */
const FILE_BYTES = 16 * 1024 * 1024;

const RecordShape = v.object({
  /** Never changes; by it container and volume are found. */
  id: v.pipe(v.string(), v.regex(/^[a-z2-7]{16}$/)),
  user: v.string(),
  name: v.string(),
  /** The name of the choice, and what it was when the machine was made. */
  image: v.string(),
  profile: ProfileShape,
  /** What its volume is mounted at. */
  home: v.string(),
  createdMs: v.number(),
  /** When it was last used. */
  usedMs: v.number(),
  /** Whether programs that run in it count as use. */
  jobs: v.boolean(),
  /** Since when it is only kept to be restored; null of one that is not deleted. */
  deletedMs: v.nullable(v.number()),
  wanted: v.picklist(["running", "stopped"]),
  lastError: v.nullable(v.string()),
});
export type MachineRecord = Readonly<v.InferOutput<typeof RecordShape>>;

const FileShape = v.object({ format: v.literal(1), machines: v.array(RecordShape) });

/** What is noted; a test has another one. */
export interface MachineStore {
  /** @throws {Error} when it cannot be read or understood */
  read(): Promise<readonly MachineRecord[]>;
  /** Writes what there is when its turn comes. @throws {Error} when that cannot be written */
  write(records: () => readonly MachineRecord[]): Promise<void>;
}

export class MachineFile implements MachineStore {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDir: string, instance: string) {
    this.#path = join(stateDir, "instances", instance, "machines.json");
  }

  /**
   * Opens it; one that cannot be understood is set aside, as its machines' volumes are still there.
   */
  static async open(stateDir: string, instance: string, log: Log): Promise<MachineFile> {
    const file = new MachineFile(stateDir, instance);
    try {
      await file.read();
    } catch (error) {
      const aside = `${file.#path}.unreadable-${Date.now()}`;
      await Deno.rename(file.#path, aside);
      const message =
        "the list of machines cannot be read; it is set aside, and their volumes stay";
      log.error(message, { aside, error });
    }
    return file;
  }

  async read(): Promise<readonly MachineRecord[]> {
    try {
      const { size } = await Deno.stat(this.#path);
      if (size > FILE_BYTES) throw new Error(`Cannot read ${this.#path}: over ${FILE_BYTES} bytes`);
      return v.parse(FileShape, JSON.parse(await Deno.readTextFile(this.#path))).machines;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  write(records: () => readonly MachineRecord[]): Promise<void> {
    const written = this.#writing.then(async () => {
      await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o750 });
      const text = JSON.stringify({ format: 1, machines: records() });
      await writeWholeFile(this.#path, text, { mode: 0o600 });
    });
    this.#writing = written.catch(() => {}); // who asked hears of it
    return written;
  }
}

/** Whether a deleted one cannot be brought back any more. */
export function isExpired({ deletedMs }: Pick<MachineRecord, "deletedMs">, nowMs: number): boolean {
  return deletedMs !== null && nowMs >= deletedMs + TOMB_MS;
}

/**
 * Removes containers and volumes of the machines that were deleted a day ago and nobody can bring
 * back. Their notes are the agent's, which drops them when it next looks. No other one is touched.
 *
 * @returns the ids of those that are gone, and of those that would not go
 */
export async function sweepMachines(
  store: Pick<MachineStore, "read">,
  engine: { remove(machine: string): Promise<void> },
  { dryRun, nowMs }: { readonly dryRun: boolean; readonly nowMs: number },
): Promise<{ removed: MachineRecord[]; failed: { machine: MachineRecord; error: Error }[] }> {
  const removed: MachineRecord[] = [];
  const failed: { machine: MachineRecord; error: Error }[] = [];
  for (const machine of (await store.read()).filter((one) => isExpired(one, nowMs))) {
    try {
      if (!dryRun) await engine.remove(machine.id);
      removed.push(machine);
    } catch (error) {
      failed.push({ machine, error: error as Error });
    }
  }
  return { removed, failed };
}
