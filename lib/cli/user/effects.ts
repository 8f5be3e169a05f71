/** What a change of a user means beyond the file: to a running gateway, and to what it remembers. */
import type { Lock } from "../../auth/faillock.ts";
import { Guard } from "../../auth/guard.ts";
import { guardFile, readGuard, writeGuard } from "../../auth/guard_store.ts";
import { LockListShape, type Refresh, RefreshShape } from "../../protocol/resources.ts";
import { ask, NoGatewayError } from "../admin_socket.ts";

/** Where it is told, and by which limits its memory is understood. */
export interface Reach {
  readonly adminSocket: string;
  readonly stateDir: string;
  readonly deny: number;
  readonly unlockTimeMs: number;
}

/**
 * Has the gateway look at the user at once; where none runs, forgets failed log-ins in its place.
 *
 * @returns what that ended
 * @throws {Error} in a sentence, when the gateway cannot be told
 */
export async function takeEffect(name: string, reach: Reach): Promise<Refresh> {
  try {
    const path = `/api/v1/users/${encodeURIComponent(name)}/refresh`;
    return await ask(reach.adminSocket, RefreshShape, "POST", path);
  } catch (error) {
    if (!(error instanceof NoGatewayError)) throw error;
    const forgiven = await forgiveOnDisk(name, reach);
    return { forgiven, sessionsEnded: 0, sessions: 0 };
  }
}

/** The locks of names by failed log-ins, from the gateway, or from what one has left. */
export async function locksNow(reach: Reach): Promise<Lock[]> {
  try {
    const { locks } = await ask(reach.adminSocket, LockListShape, "GET", "/api/v1/locks");
    return locks.map(({ user, from, failures, until }) => ({
      name: user,
      source: from,
      failures,
      untilMs: Date.parse(until),
    }));
  } catch (error) {
    if (!(error instanceof NoGatewayError)) throw error;
    return (await guardOnDisk(reach))?.locks() ?? [];
  }
}

async function forgiveOnDisk(name: string, reach: Reach): Promise<boolean> {
  const guard = await guardOnDisk(reach);
  if (!guard?.forgive(name)) return false;
  await writeGuard(guardFile(reach.stateDir), guard.record());
  return true;
}

async function guardOnDisk({ stateDir, deny, unlockTimeMs }: Reach): Promise<Guard | null> {
  const record = await readGuard(guardFile(stateDir));
  if (record === null) return null;
  const guard = new Guard({ limits: { deny, unlockTimeMs } });
  guard.restore(record);
  return guard;
}
