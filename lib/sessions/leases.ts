/** Which sessions a live gateway owns, written where the sweeper can read it. */
import { dirname, join } from "node:path";
import { systemClock } from "../clock.ts";
import type { Clock } from "../types.ts";

/** How long a starting gateway waits for the one before it, or for a sweep, to let go. */
const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 50;

/** Another gateway of the same instance runs on the same state directory. */
export class InstanceBusyError extends Error {
  override readonly name = "InstanceBusyError";
}

/** The place in the state directory that belongs to one instance. */
interface InstanceFiles {
  readonly lock: string;
  readonly leases: string;
}

function filesOf(stateDir: string, instance: string): InstanceFiles {
  const home = join(stateDir, "instances", instance);
  return { lock: join(home, "gateway.lock"), leases: join(home, "leases") };
}

async function openLock(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  return await Deno.open(path, { write: true, create: true, mode: 0o640 });
}

/**
 * The gateway's side. A lease is a file named after its session, written before the container is
 * created and removed after it is gone; all of them hold only while the gateway's lock is held,
 * which the kernel ends with the process (flock(2)).
 */
export class Leases implements AsyncDisposable {
  private constructor(private readonly lock: Deno.FsFile, private readonly dir: string) {}

  /**
   * Makes this process the gateway of an instance. Leases of a gateway before it are void.
   *
   * @throws {InstanceBusyError} when another gateway is
   */
  static async acquire(
    stateDir: string,
    instance: string,
    clock: Clock = systemClock,
  ): Promise<Leases> {
    const files = filesOf(stateDir, instance);
    const lock = await openLock(files.lock);
    try {
      const giveUpAt = clock.now() + LOCK_WAIT_MS;
      while (!await lock.tryLock(true)) {
        if (clock.now() > giveUpAt) {
          throw new InstanceBusyError(
            `Cannot run a second gateway of instance "${instance}" in ${stateDir}: ` +
              `stop the other one, or give this one its own docker.instance`,
          );
        }
        const pause = Promise.withResolvers<void>();
        using _timer = clock.timer(LOCK_POLL_MS, () => pause.resolve());
        await pause.promise;
      }
      await Deno.remove(files.leases, { recursive: true }).catch(ignoreMissing);
      await Deno.mkdir(files.leases, { mode: 0o750 });
      return new Leases(lock, files.leases);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Claims a session; its container is this gateway's until the lease is disposed. */
  async take(session: string, user: string): Promise<AsyncDisposable> {
    const path = join(this.dir, session);
    await Deno.writeTextFile(path, user + "\n", { mode: 0o640, createNew: true });
    return { [Symbol.asyncDispose]: () => Deno.remove(path).catch(ignoreMissing) };
  }

  /** Gives the instance up. */
  [Symbol.asyncDispose](): Promise<void> {
    this.lock.close();
    return Promise.resolve();
  }
}

/** The sweeper's side: the sessions that a live gateway owns right now, none when none lives. */
export async function leasedSessions(stateDir: string, instance: string): Promise<Set<string>> {
  const files = filesOf(stateDir, instance);
  let lock: Deno.FsFile;
  try {
    lock = await Deno.open(files.lock, { write: true });
  } catch (error) {
    ignoreMissing(error);
    return new Set();
  }
  using _closing = lock;
  // A shared lock: two sweeps at once must not take each other for a gateway.
  if (await lock.tryLock(false)) return new Set();
  const leased = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(files.leases)) leased.add(name);
  } catch (error) {
    ignoreMissing(error);
  }
  return leased;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
