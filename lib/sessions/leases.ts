/** Which sessions a live gateway owns, written where the sweeper can read it. */
import { dirname, join } from "node:path";
import { sleep, systemClock } from "../clock.ts";
import type { Clock } from "../types.ts";
import { decodeRecord, encodeRecord, type LeaseRecord } from "./lease_record.ts";

/** How long a starting gateway waits for the one before it, or for a sweep, to let go. */
const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 50;
/** How long a sweep waits for a gateway that left sessions to come back: systemd restarts it. */
const RESTART_MS = 5_000;
/**
 * How long a sweep spares what a gateway left in order, for a next one that cannot start yet: its
 * configuration may be wrong, and somebody be mending it.
 */
const LEFT_MS = 10 * 60_000;
/** How much longer a starting gateway waits for a sweep: the removal of containers may take so long. */
const SWEEP_WAIT_MS = 30_000;
/** Of a record that is being written. */
const NEW_SUFFIX = ".new";

/** Another gateway of the same instance runs on the same state directory. */
export class InstanceBusyError extends Error {
  override readonly name = "InstanceBusyError";
}

/** The right to a session's container. */
export interface Lease extends AsyncDisposable {
  /** Notes what the next gateway should know; one at a time. */
  write(record: LeaseRecord): Promise<void>;
}

/** The place in the state directory that belongs to one instance. */
interface InstanceFiles {
  readonly lock: string;
  readonly sweepLock: string;
  readonly leases: string;
}

function filesOf(stateDir: string, instance: string): InstanceFiles {
  const home = join(stateDir, "instances", instance);
  return {
    lock: join(home, "gateway.lock"),
    sweepLock: join(home, "sweep.lock"),
    leases: join(home, "leases"),
  };
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
  private constructor(
    private readonly lock: Deno.FsFile,
    private readonly dir: string,
    /** What the gateway before this one left and is neither taken over nor dropped, by session. */
    readonly inherited: Map<string, LeaseRecord>,
  ) {}

  /**
   * Makes this process the gateway of an instance.
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
        await sleep(LOCK_POLL_MS, clock);
      }
      await Deno.mkdir(files.leases, { mode: 0o750 }).catch(ignoreExisting);
      // A sweep that began while there was no gateway removes what it found: that is not inherited.
      using sweepLock = await openLock(files.sweepLock);
      while (!await sweepLock.tryLock(true)) {
        if (clock.now() > giveUpAt + SWEEP_WAIT_MS) {
          throw new InstanceBusyError(
            `Cannot go on with the sessions of instance "${instance}": a sweep has been removing ` +
              `its containers for too long; see 'systemctl status ttygate-sweep'`,
          );
        }
        await sleep(LOCK_POLL_MS, clock);
      }
      return new Leases(lock, files.leases, await readRecords(files.leases));
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Claims a new session; disposing the lease gives it up. */
  async take(session: string, record: LeaseRecord): Promise<Lease> {
    const lease = this.#lease(session);
    await lease.write(record);
    return lease;
  }

  /** Takes over an inherited session, as it was last written. */
  inherit(session: string): Lease {
    this.inherited.delete(session);
    return this.#lease(session);
  }

  #lease(session: string): Lease {
    const path = join(this.dir, session);
    return {
      async write(record: LeaseRecord) {
        await Deno.writeFile(path + NEW_SUFFIX, encodeRecord(record), { mode: 0o600 });
        await Deno.rename(path + NEW_SUFFIX, path);
      },
      [Symbol.asyncDispose]: () => this.drop(session),
    };
  }

  /** Forgets an inherited session. */
  async drop(session: string): Promise<void> {
    this.inherited.delete(session);
    const path = join(this.dir, session);
    await Deno.remove(path).catch(ignoreMissing);
    await Deno.remove(path + NEW_SUFFIX).catch(ignoreMissing);
  }

  /** Gives the instance up; leases that were not disposed are the next gateway's. */
  [Symbol.asyncDispose](): Promise<void> {
    this.lock.close();
    return Promise.resolve();
  }
}

/** The right to sweep; no gateway starts and no other sweep goes on until it is disposed. */
export interface SweepRight extends Disposable {
  /** The sessions that a live gateway owns right now; none when none lives. */
  leased(): Promise<Set<string>>;
  /** Forgets the sessions that no gateway owns, when their containers are gone. */
  forget(): Promise<void>;
}

/**
 * The sweeper's side. It makes no file: where there is none no gateway has been, and the
 * sweep may be another user's than the gateway.
 */
export async function sweepRight(
  stateDir: string,
  instance: string,
  clock: Clock = systemClock,
): Promise<SweepRight> {
  const files = filesOf(stateDir, instance);
  const lock = await Deno.open(files.sweepLock, { write: true }).catch(ignoreMissing);
  await lock?.lock(true);
  return {
    leased: () => leasedSessions(stateDir, instance, clock),
    async forget() {
      if (await isHeld(files.lock)) return;
      const left = await leftSessions(files.leases);
      for (const name of (await namesIn(files.leases)).difference(left)) {
        await Deno.remove(join(files.leases, name)).catch(ignoreMissing);
        await Deno.remove(join(files.leases, name + NEW_SUFFIX)).catch(ignoreMissing);
      }
    },
    [Symbol.dispose]: () => lock?.close(),
  };
}

/**
 * The sessions that a live gateway owns right now; when none lives, those that one left in order
 * not long ago. A gateway that is gone is waited for: it may be restarting.
 */
export async function leasedSessions(
  stateDir: string,
  instance: string,
  clock: Clock = systemClock,
): Promise<Set<string>> {
  const files = filesOf(stateDir, instance);
  const giveUpAt = clock.now() + RESTART_MS;
  while (true) {
    const leased = await namesIn(files.leases);
    if (leased.size === 0 || await isHeld(files.lock)) return leased;
    if (clock.now() >= giveUpAt) return await leftSessions(files.leases);
    await sleep(LOCK_POLL_MS, clock);
  }
}

/** The sessions that a gateway left in order to the next one, which is not overdue yet. */
async function leftSessions(dir: string): Promise<Set<string>> {
  const left = new Set<string>();
  for (const name of await namesIn(dir)) {
    const path = join(dir, name);
    try {
      const { mtime } = await Deno.stat(path);
      const isRecent = Date.now() - (mtime?.getTime() ?? 0) < LEFT_MS;
      if (isRecent && decodeRecord(await Deno.readFile(path))?.left) left.add(name);
    } catch (error) {
      ignoreMissing(error);
    }
  }
  return left;
}

async function isHeld(path: string): Promise<boolean> {
  try {
    using lock = await Deno.open(path, { write: true });
    // A shared lock: two sweeps at once must not take each other for a gateway.
    return !await lock.tryLock(false);
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

async function namesIn(dir: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dir)) names.add(name.replace(NEW_SUFFIX, ""));
  } catch (error) {
    ignoreMissing(error);
  }
  return names;
}

async function readRecords(dir: string): Promise<Map<string, LeaseRecord>> {
  const records = new Map<string, LeaseRecord>();
  for (const name of await namesIn(dir)) {
    const record = await Deno.readFile(join(dir, name)).then(decodeRecord, () => null);
    // What cannot be read is of no use to anybody: its container is an orphan.
    if (record === null) await Deno.remove(join(dir, name)).catch(ignoreMissing);
    else records.set(name, record);
    await Deno.remove(join(dir, name + NEW_SUFFIX)).catch(ignoreMissing);
  }
  return records;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
}
