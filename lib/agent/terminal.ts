/** A client's connection, from the accepted upgrade to its end. */
import { settlesWithin } from "../clock.ts";
import { EngineError, LimitError, NotOfferedError, ShutdownError } from "../sessions/errors.ts";
import { type Ending, ending } from "../sessions/endings.ts";
import type { Maintenance } from "../sessions/maintenance.ts";
import type { Session } from "../sessions/session.ts";
import type { UsageWatch } from "../sessions/usage_watch.ts";
import type { ViewerEnd } from "../sessions/viewers.ts";
import { bridge } from "../terminal/bridge.ts";
import { CLOSE, encodeEvent, FrameError } from "../protocol/frame.ts";
import { MachineError } from "../protocol/machines.ts";
import type { TerminalSocket } from "../terminal/socket.ts";
import type { StartProgress, TerminalEvent, Usage } from "../types.ts";
import type { Dismissal, Visit } from "./agent.ts";
import { describe, dismiss, RESTARTING, tellEnd } from "./farewell.ts";
import { followAsGuest } from "./guest.ts";
import type { Machines } from "./machines/machines.ts";
import { newestOf, telling } from "./newest.ts";
import { followRun, type RunParts } from "./run.ts";

/** How long someone who comes back waits for a gateway that has just been started. */
const ADOPTION_MS = 10_000;
/** How long someone whose account is gone is kept for the reason why; the file is looked at oftener. */
const ACCOUNT_MS = 1_000;

/** What serving a terminal needs. */
export interface TerminalParts extends RunParts {
  readonly maintenance: Pick<Maintenance, "notice">;
  readonly usage: UsageWatch;
  readonly machines: Pick<Machines, "open">;
}

/** A visit that its gateway may end under way. */
export interface Admitted extends Visit {
  readonly dismissed: AbortSignal;
}

/** Serves an accepted connection until it is closed. Never throws. */
export async function serveTerminal(
  socket: TerminalSocket,
  visit: Admitted,
  parts: TerminalParts,
): Promise<void> {
  const { user, remote, source } = visit;
  try {
    const session = await enter(socket, visit, parts);
    if (session && visit.run) await followRun(session, socket, visit, parts);
    else if (session && visit.guest) await followAsGuest(session, socket, visit, parts);
    else if (session) await follow(session, socket, visit, parts);
  } catch (error) {
    if (socket.closed.aborted) return;
    const log = parts.counted.of(source);
    if (error instanceof FrameError) {
      const fields = { event: "protocol-error", user, remote, error } as const;
      log.notice("a client broke the protocol; its connection is closed", fields);
      await socket.close(CLOSE.protocolError, error.message.slice(0, 120));
      return;
    }
    log.error("a terminal's connection failed", { user, error });
    await socket.close(CLOSE.failed, "the gateway failed; its log says why");
  }
}

/** The session that is asked for, new or known; null when the client has been told why there is none. */
async function enter(
  socket: TerminalSocket,
  visit: Admitted,
  { registry, machines, counted }: TerminalParts,
): Promise<Session | null> {
  const { user, remote, source, resume, guest, dismissed } = visit;
  if (resume) {
    if (!registry.find(resume.session)) {
      await registry.settled(ADOPTION_MS);
    }
    const found = registry.find(resume.session);
    const known = found?.phase === "live" ? found : registry.endedSessions.find(resume.session);
    if (guest ? known === found && known !== undefined : known?.user === user) return known!;
    if (registry.unsettled) await socket.close(CLOSE.restarting, RESTARTING);
    else await socket.close(CLOSE.noSuchSession, "this session is gone");
    return null;
  }
  const send = (event: TerminalEvent) => socket.send(encodeEvent(event));
  try {
    const progress = (progress: StartProgress) => void send({ type: "progress", ...progress });
    const signal = AbortSignal.any([socket.closed, dismissed]);
    const shell = visit.machine
      ? await machines.open(user, visit.machine, progress, signal)
      : undefined;
    const profile = shell && visit.run ? { ...shell, run: true } : shell;
    return await registry.open({ ...visit, profile, progress, signal });
  } catch (error) {
    if (socket.closed.aborted) return null;
    if (dismissed.aborted) {
      const dismissal: Dismissal = dismissed.reason;
      if (dismissal.why === "login" && dismissal.ended) {
        void send({ type: "ended", ...dismissal.ended });
      }
      await dismiss(socket, dismissal);
      return null;
    }
    if (error instanceof ShutdownError && error.followed) {
      await socket.close(CLOSE.restarting, RESTARTING);
      return null;
    }
    const { ended, code } = failedStart(error);
    const log = counted.of(source);
    if (ended.reason === "engine") {
      const fields = { event: "session-failed", user, error } as const;
      log.error("a session could not be started", fields);
    } else {
      const why = ended.limit ?? ended.reason;
      log.notice("a session was refused", { event: "session-refused", user, remote, why });
    }
    void send({ type: "ended", ...ended });
    await socket.close(code);
    return null;
  }
}

async function follow(
  session: Session,
  socket: TerminalSocket,
  visit: Admitted,
  parts: TerminalParts,
): Promise<void> {
  const { winsize, resume, dismissed } = visit;
  const { clock, registry } = parts;
  const send = (event: TerminalEvent) => socket.send(encodeEvent(event));
  if (resume) tellReturn(session, visit, parts);
  using viewer = session.view(resume?.offset ?? 0, telling(send), resume?.viewer);
  session.remote = visit.remote;
  if (resume) session.resize(winsize);
  await send({
    type: "ready",
    session: session.id,
    offset: viewer.from,
    seen: session.output.seen,
    input: session.inputBytes,
    viewer: session.viewers,
    ...describe(session, parts),
    stages: await session.stages,
    ...(visit.node !== null && { node: visit.node }),
    ...(viewer.modes !== "" && { modes: viewer.modes }),
  });
  session.remind();
  const { notice } = parts.maintenance;
  if (notice) void send(notice);
  const tellUsage = newestOf((usage: Usage) => send({ type: "stats", ...usage }));
  using _told = parts.usage.follow(session.container, tellUsage, () => session.idleMs);
  const end = await bridge(socket, session, {
    from: viewer.from,
    signal: AbortSignal.any([viewer.over, dismissed, socket.closed]),
    clock,
  });
  const endsLogin = async ({ ended }: Session) =>
    dismissed.aborted || (await ended).endsLogin === true;
  switch (end) {
    case "finished":
      await tellEnd(session, socket, clock);
      // The end may come before the dismissal, which comes by another connection.
      if (await socket.close(await endsLogin(session) ? CLOSE.loginEnded : CLOSE.ended)) {
        registry.endedSessions.forget(session);
      }
      return;
    case "left":
    case "aborted":
      break;
    default:
      end satisfies never;
  }
  const viewerEnd = viewer.over.aborted ? viewer.over.reason as ViewerEnd : null;
  if (viewerEnd === "replaced") {
    const message = "This session was opened in another window.";
    void send({ type: "ended", reason: "replaced", exitCode: null, message });
    await socket.close(CLOSE.takenOver);
  } else if (dismissed.aborted) {
    const dismissal: Dismissal = dismissed.reason;
    // With its account the session ends as well, maybe a moment later.
    const ends = dismissal.why === "login" && dismissal.ended !== null;
    if (ends && await settlesWithin(session.ended, ACCOUNT_MS, clock)) {
      await tellEnd(session, socket, clock);
    }
    await dismiss(socket, dismissal);
  } else if (viewerEnd === "comeBack") {
    await socket.close(CLOSE.restarting, "come back: the session goes on");
  }
}

function tellReturn(
  { id, user, attached }: Session,
  { remote, source }: Visit,
  { counted }: TerminalParts,
): void {
  const fields = { session: id, user, remote };
  const log = counted.of(source);
  if (!attached) log.info("came back to a session", { event: "session-return", ...fields });
  else log.info("took a session over", { event: "session-takeover", ...fields });
}

/** What the client is told when its session could not be started. */
function failedStart(error: unknown): {
  ended: Ending & { limit?: LimitError["limit"] };
  code: number;
} {
  if (error instanceof LimitError) {
    const { message, limit } = error;
    return { ended: { ...ending("limit", message), limit }, code: CLOSE.limitReached };
  }
  if (error instanceof ShutdownError) {
    return { ended: ending("shutdown", error.message), code: CLOSE.ended };
  }
  if (error instanceof MachineError) {
    return { ended: ending("engine", error.message), code: CLOSE.ended };
  }
  if (error instanceof NotOfferedError) {
    return { ended: ending("limit", error.message), code: CLOSE.limitReached };
  }
  if (error instanceof EngineError && error.answer === "none") {
    const message = "Your terminal could not be started: the server's Docker Engine does not " +
      "answer. Try again in a minute, or tell the administrator.";
    return { ended: ending("engine", message), code: CLOSE.engineDown };
  }
  const message = "Your terminal could not be started. The administrator finds the cause in the " +
    "gateway's log.";
  return { ended: ending("engine", message), code: CLOSE.ended };
}
