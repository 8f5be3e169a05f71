/** What a client is told of its session, and of why it gets no more. */
import { settlesWithin } from "../clock.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Session } from "../sessions/session.ts";
import { ending } from "../sessions/endings.ts";
import { CLOSE, encodeEvent } from "../protocol/frame.ts";
import type { TerminalSocket } from "../terminal/socket.ts";
import type { Clock } from "../types.ts";
import type { Dismissal } from "./agent.ts";

/** How long a close waits for the container to be gone, so that "closed" means "gone". */
const GONE_MS = 2_000;

export const RESTARTING = "the gateway is being restarted";

/** Of the event `ready` what is so for each client. */
export function describe(session: Session, { registry }: { readonly registry: Registry }) {
  const { user, profile, lasts: { idleTimeoutMs, graceMs, keptMs, detachMaxMs, leftMs, ageMs } } =
    session;
  const { cpus, memoryBytes, pids, diskBytes } = profile.limits;
  const disk = registry.boundsDisk && !profile.onHost ? diskBytes : null;
  return {
    user,
    image: profile.image,
    limits: { cpus, memory: memoryBytes, pids, disk },
    idleTimeout: idleTimeoutMs / 1000,
    grace: graceMs / 1000,
    kept: keptMs / 1000,
    detachMax: detachMaxMs / 1000,
    endsIn: Math.ceil(leftMs / 1000),
    age: Math.floor(ageMs / 1000),
  };
}

/** Tells how the session ended. A client that does not read is not waited for before the close. */
export async function tellEnd(
  session: Session,
  socket: TerminalSocket,
  clock: Clock,
): Promise<void> {
  const { reason, exitCode, message } = await session.ended;
  void socket.send(encodeEvent({ type: "ended", reason, exitCode, message }));
  await settlesWithin(session.gone, GONE_MS, clock);
}

/** Parts with a client as its gateway wishes. */
export async function dismiss(socket: TerminalSocket, dismissal: Dismissal): Promise<void> {
  switch (dismissal.why) {
    case "login":
      await socket.close(CLOSE.loginEnded, "the login ended");
      break;
    case "restart":
      await socket.close(CLOSE.restarting, RESTARTING);
      break;
    case "share": {
      const ended = ending("unshared", dismissal.message);
      void socket.send(encodeEvent({ type: "ended", ...ended }));
      await socket.close(CLOSE.shareEnded, "the share ended");
      break;
    }
    default:
      dismissal satisfies never;
  }
}
