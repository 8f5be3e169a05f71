/** `GET /terminal`: from the accepted upgrade to the end of the connection. */
import { settlesWithin } from "../clock.ts";
import { EngineError, LimitError, ShutdownError } from "../sessions/errors.ts";
import { type Ending, ending } from "../sessions/endings.ts";
import type { Session } from "../sessions/session.ts";
import type { ViewerEnd } from "../sessions/viewers.ts";
import { bridge } from "../terminal/bridge.ts";
import { CLOSE, encodeEvent, FrameError } from "../terminal/frame.ts";
import type { TerminalSocket } from "../terminal/socket.ts";
import type { TerminalEvent } from "../types.ts";
import type { Gateway } from "./gateway.ts";
import type { TerminalRequest } from "./upgrade.ts";

/** How long someone who comes back waits for a gateway that has just been started. */
const ADOPTION_MS = 10_000;
/** How long a close waits for the container to be gone, so that "closed" means "gone". */
const GONE_MS = 2_000;
/** How long someone whose account is gone is kept for the reason why; the file is looked at oftener. */
const ACCOUNT_MS = 1_000;

/** Serves an accepted connection until it is closed. Never throws. */
export async function serveTerminal(
  socket: TerminalSocket,
  request: TerminalRequest,
  gateway: Gateway,
): Promise<void> {
  const { identity } = request;
  const { principal: { name } } = identity;
  using account = identity.ended ? null : gateway.logins.follow(name);
  const loginEnded = identity.ended ?? account!.changed;
  try {
    const session = await enter(socket, { ...request, loginEnded }, gateway);
    if (session) await follow(session, socket, { ...request, loginEnded }, gateway);
  } catch (error) {
    if (socket.closed.aborted) return;
    const { remote, source } = request;
    const log = gateway.counted.of(source);
    if (error instanceof FrameError) {
      const fields = { event: "protocol-error", user: name, remote, error } as const;
      log.notice("a client broke the protocol; its connection is closed", fields);
      await socket.close(CLOSE.protocolError, error.message.slice(0, 120));
      return;
    }
    log.error("a terminal's connection failed", { user: name, error });
    await socket.close(CLOSE.failed, "the gateway failed; its log says why");
  }
}

/** A request whose login may end under way. */
type Admitted = TerminalRequest & { readonly loginEnded: AbortSignal };

/** The session that is asked for, new or known; null when the client has been told why there is none. */
async function enter(
  socket: TerminalSocket,
  { identity, remote, source, winsize, resume, loginEnded }: Admitted,
  { registry, accounts, counted }: Gateway,
): Promise<Session | null> {
  const user = identity.principal.name;
  if (resume) {
    if (!registry.find(resume.session)) {
      await registry.settled(ADOPTION_MS);
    }
    const found = registry.find(resume.session);
    const known = found?.phase === "live" ? found : registry.unseen.find(resume.session);
    if (known?.user === user) return known;
    if (registry.unsettled) await socket.close(CLOSE.restarting, "the gateway is being restarted");
    else await socket.close(CLOSE.noSuchSession, "this session is gone");
    return null;
  }
  const send = (event: TerminalEvent) => socket.send(encodeEvent(event));
  try {
    return await registry.open({
      user,
      remote,
      winsize,
      progress: (progress) => void send({ type: "progress", ...progress }),
      signal: AbortSignal.any([socket.closed, loginEnded]),
    });
  } catch (error) {
    if (socket.closed.aborted) return null;
    if (loginEnded.aborted) {
      const ended = accounts.endingOf(user);
      if (ended) void send({ type: "ended", ...ended });
      await socket.close(CLOSE.loginEnded, "the login ended");
      return null;
    }
    if (error instanceof ShutdownError && error.followed) {
      await socket.close(CLOSE.restarting, "the gateway is being restarted");
      return null;
    }
    const { ended, code } = failedStart(error);
    const log = counted.of(source);
    if (ended.reason === "engine") log.error("a session could not be started", { user, error });
    else {
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
  request: Admitted,
  gateway: Gateway,
): Promise<void> {
  const { winsize, resume, loginEnded } = request;
  const { clock } = gateway;
  const send = (event: TerminalEvent) => socket.send(encodeEvent(event));
  if (resume) tellReturn(session, request, gateway);
  using viewer = session.view(resume?.offset ?? 0, (event) => void send(event));
  session.remote = request.remote;
  if (resume) session.resize(winsize);
  await send({
    type: "ready",
    session: session.id,
    offset: viewer.from,
    seen: session.output.seen,
    input: session.inputBytes,
    viewer: session.viewers,
    ...describe(session, gateway),
    stages: await session.stages,
  });
  session.remind();
  const { notice } = gateway.maintenance;
  if (notice) void send(notice);
  const end = await bridge(socket, session, {
    from: viewer.from,
    signal: AbortSignal.any([viewer.over, loginEnded, socket.closed]),
    clock,
  });
  const tellEnd = async () => {
    // A client that does not read must not be waited for before the close.
    const { reason, exitCode, message } = await session.ended;
    void send({ type: "ended", reason, exitCode, message });
    await settlesWithin(session.gone, GONE_MS, clock);
  };
  switch (end) {
    case "finished":
      await tellEnd();
      if (await socket.close(loginEnded.aborted ? CLOSE.loginEnded : CLOSE.ended)) {
        gateway.registry.unseen.forget(session);
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
  } else if (loginEnded.aborted) {
    // With its account the session ends as well, maybe a moment later.
    const ends = gateway.accounts.endingOf(session.user) !== null;
    if (ends && await settlesWithin(session.ended, ACCOUNT_MS, clock)) await tellEnd();
    await socket.close(CLOSE.loginEnded, "the login ended");
  } else if (viewerEnd === "comeBack") {
    await socket.close(CLOSE.restarting, "come back: the session goes on");
  }
}

function tellReturn({ id, user, attached }: Session, from: Admitted, { counted }: Gateway): void {
  const { remote, source } = from;
  const fields = { session: id, user, remote };
  const log = counted.of(source);
  if (!attached) log.info("came back to a session", { event: "session-return", ...fields });
  else log.info("took a session over", { event: "session-takeover", ...fields });
}

function describe({ user, profile, idleTimeoutMs }: Session, { registry }: Gateway) {
  const { cpus, memoryBytes, pids, diskBytes } = profile.limits;
  const disk = registry.boundsDisk ? diskBytes : null;
  return {
    user,
    image: profile.image,
    limits: { cpus, memory: memoryBytes, pids, disk },
    idleTimeout: idleTimeoutMs / 1000,
  };
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
  if (error instanceof EngineError && error.answer === "none") {
    const message = "Your terminal could not be started: the server's Docker Engine does not " +
      "answer. Try again in a minute, or tell the administrator.";
    return { ended: ending("engine", message), code: CLOSE.engineDown };
  }
  const message = "Your terminal could not be started. The administrator finds the cause in the " +
    "gateway's log.";
  return { ended: ending("engine", message), code: CLOSE.ended };
}
