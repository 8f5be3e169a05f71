/** A guest's connection, from its place at a session to its end; the session is none the wiser. */
import { bridge } from "../terminal/bridge.ts";
import { CLOSE, encodeEvent } from "../protocol/frame.ts";
import { ending } from "../sessions/endings.ts";
import { type GuestEnd, GUESTS } from "../sessions/guests.ts";
import { GuestShell } from "../sessions/guest_shell.ts";
import type { Session } from "../sessions/session.ts";
import type { TerminalSocket } from "../terminal/socket.ts";
import type { TerminalEvent } from "../types.ts";
import { describe, dismiss, tellEnd } from "./farewell.ts";
import { telling } from "./newest.ts";
import type { Admitted, TerminalParts } from "./terminal.ts";

/**
 * Serves a guest until either side ends, or its gateway ends the share.
 *
 * A guest neither takes the session over nor keeps it: it ends as long after its viewer as it would.
 */
export async function followAsGuest(
  session: Session,
  socket: TerminalSocket,
  { user, guest, resume, dismissed }: Admitted,
  parts: TerminalParts,
): Promise<void> {
  const send = (event: TerminalEvent) => socket.send(encodeEvent(event));
  const role = guest!;
  const stages = await session.stages;
  const shell = new GuestShell(session, role, resume!.offset);
  const { from, modes } = shell.output;
  const { size } = session.window;
  const ready = send({
    type: "ready",
    guest: role,
    session: session.id,
    offset: from,
    // What programs ask of a terminal is answered by the one of the session's user.
    seen: Number.MAX_SAFE_INTEGER,
    // What was lost on the way is not sent again: others may have typed since.
    input: 0,
    viewer: 0,
    ...describe(session, parts),
    stages,
    ...(size && { size }),
    ...(modes !== "" && { modes }),
  });
  using seat = session.guests.join({ name: user, role }, telling(send));
  if (seat === null) {
    const message = `${GUESTS} others are at this terminal already. Try again later.`;
    void send({ type: "ended", ...ending("limit", message) });
    await socket.close(CLOSE.limitReached);
    return;
  }
  await ready;
  const { notice } = parts.maintenance;
  if (notice) void send(notice);
  const signal = AbortSignal.any([seat.over, dismissed, socket.closed]);
  const end = await bridge(socket, shell, { from, signal, clock: parts.clock });
  const guestEnd = seat.over.aborted ? seat.over.reason as GuestEnd : null;
  if (end === "finished" || guestEnd === "late") {
    await tellEnd(session, socket, parts.clock);
    await socket.close(CLOSE.ended);
  } else if (dismissed.aborted) {
    await dismiss(socket, dismissed.reason);
  } else if (guestEnd === "comeBack") {
    await socket.close(CLOSE.restarting, "come back: the session goes on");
  }
}
