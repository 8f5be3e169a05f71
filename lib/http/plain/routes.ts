/** A terminal over plain HTTP: open, output, input and size, exactly once both ways by offsets. */
import { type Opened, PlainOrderShape, WinsizeShape } from "../../protocol/resources.ts";
import type { Winsize } from "../../types.ts";
import { json, pathBelow, Refusal } from "../answers.ts";
import { readBytes, readJson } from "../body.ts";
import { SECURITY_HEADERS } from "../pages.ts";
import type { KnownCall } from "../router.ts";
import { serveTerminal } from "../terminal.ts";
import { integer, takeTurn, type TerminalRequest } from "../upgrade.ts";
import { GROUPS } from "../../agent/wire.ts";
import { type PlainViewer, type ViewerEnd, ViewerOverError } from "../../agent/viewer.ts";

/** The longest that an answer is waited for. */
const WAIT_MOST_S = 25;
/** How long input may take to get to the session. */
const TYPED_MS = 10_000;
const INPUT_BYTES = 64 * 1024;
/** Of a client that is there as far as is known. */
const NEVER = new AbortController().signal;

type SessionCall = KnownCall<"id">;

/** `POST /api/v1/sessions`: a terminal without a WebSocket. */
export async function openPlain(call: KnownCall): Promise<Response> {
  const { request, gateway, caller, principal } = call;
  if (caller.listener !== "web") throw new Refusal(403, "A terminal is opened over the web.");
  const { cols, rows, ...wanted } = await readJson(request, PlainOrderShape);
  await takeTurn(gateway.openings.of(principal.name), caller, gateway);
  const visit = visitOf(call, { cols, rows }, { ...wanted, resume: null });
  try {
    const { session, viewer } = await gateway.plain.open(
      principal.name,
      (opening) => serveTerminal(opening, visit, gateway),
      caller.gone ?? NEVER,
    );
    const { offset, user, limits } = await viewer.ready;
    const headers = { location: pathBelow(gateway.basePath, `/api/v1/sessions/${session}`) };
    const opened: Opened = { id: session, user, limits, offset, input: viewer.typed };
    return json(opened, 201, headers);
  } catch (error) {
    if (error instanceof ViewerOverError) throw refusedStart(error.end);
    throw error;
  }
}

/** `GET /api/v1/sessions/{id}/output`: what came since an offset, which acknowledges what was before. */
export async function sendOutput(call: SessionCall): Promise<Response> {
  const { gateway, caller, params: { id } } = call;
  const offset = integer(caller.query, "offset", 0, 0, Number.MAX_SAFE_INTEGER);
  const waitS = integer(caller.query, "wait", 0, 0, WAIT_MOST_S);
  const viewer = await viewerOf(call, offset);
  using wait = waitFor(waitS * 1000, call, gateway.plain.poll(id));
  const output = await viewer.read(offset, wait.signal);
  if (output === null) {
    const { end } = viewer;
    if (end !== null) {
      gateway.plain.forget(id);
      throw over(call, end);
    }
    return new Response(null, { status: 204, headers: { "ttygate-offset": `${offset}` } });
  }
  const { from, bytes } = output;
  return new Response(bytes, {
    headers: {
      ...SECURITY_HEADERS,
      "cache-control": "no-store",
      "content-type": "application/octet-stream",
      "ttygate-from": `${from}`,
      "ttygate-offset": `${from + bytes.length}`,
    },
  });
}

/** `POST /api/v1/sessions/{id}/input`: types; the same number again types nothing twice. */
export async function takeInput(call: SessionCall): Promise<Response> {
  const { request, caller: { query }, params: { id } } = call;
  const at = integer(query, "at", NaN, 0, Number.MAX_SAFE_INTEGER);
  if (Number.isNaN(at)) throw new Refusal(400, 'Say by "at" which byte of input the first one is.');
  const bytes = await readBytes(request, INPUT_BYTES);
  const viewer = await viewerOf(call, 0);
  if (viewer.end !== null) throw over(call, viewer.end);
  using wait = waitFor(TYPED_MS, call);
  const isTyped = await viewer.write(at, bytes, wait.signal).catch(() => {
    throw new Refusal("input-waits", "The program reads no input now. Send the same again.");
  });
  const end = viewer.end as ViewerEnd | null; // it may have come meanwhile
  if (!isTyped && end?.why === "closed") throw over(call, end);
  const headers = { "ttygate-input": `${viewer.typed}` };
  // What ends a session, such as "exit", is told by its output.
  if (isTyped || end !== null) return new Response(null, { status: 204, headers });
  const words = `The next byte of input is number ${viewer.typed}: go on with that.`;
  throw new Refusal("input-number", `${words} Session ${id} has no more.`, headers);
}

/** `PUT /api/v1/sessions/{id}/size`. */
export async function resizePlain(call: SessionCall): Promise<Response> {
  const winsize = await readJson(call.request, WinsizeShape);
  const viewer = await viewerOf(call, 0);
  if (viewer.end !== null) throw over(call, viewer.end);
  viewer.resize(winsize);
  return new Response(null, { status: 204 });
}

/** The viewer that a session has by plain HTTP; a new one takes the place of whatever page has it. */
async function viewerOf(call: SessionCall, offset: number): Promise<PlainViewer> {
  const { caller, gateway, principal: { name }, params: { id } } = call;
  try {
    return await gateway.plain.of(id, name, (opening) => {
      const resume = { session: id, offset };
      const cells = (side: string, usual: number) => integer(caller.query, side, usual, 1, 65_535);
      const winsize = { cols: cells("cols", 80), rows: cells("rows", 24) };
      const visit = visitOf(call, winsize, { image: null, node: null, resume });
      return serveTerminal(opening, visit, gateway);
    }, caller.gone ?? NEVER);
  } catch (error) {
    if (error instanceof ViewerOverError) throw over(call, error.end);
    throw error;
  }
}

type Wanted = Pick<TerminalRequest, "image" | "node" | "machine" | "resume">;

function visitOf(
  { caller: { remote, source }, principal, gateway: { stack } }: KnownCall<string>,
  winsize: Winsize,
  wanted: Wanted,
): TerminalRequest {
  return {
    identity: { principal, ended: null, isLogin: false },
    coming: null,
    user: principal.name,
    groups: stack.groupsOf(principal.name).slice(0, GROUPS),
    remote,
    source,
    winsize,
    ...wanted,
  };
}

/** A signal that is aborted after a while, when the client is gone, or by another one. */
function waitFor(
  ms: number,
  { caller: { gone }, gateway: { clock } }: KnownCall<string>,
  other?: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const signals = [over.signal, gone, other].filter((signal) => signal !== undefined);
  const timer = clock.timer(ms, () => over.abort());
  return { signal: AbortSignal.any(signals), [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** What is said of a session that has ended, or that another client took. */
function over({ gateway, params: { id } }: SessionCall, end: ViewerEnd): Refusal {
  // Another one may come back to a session that goes on; an end is told until its output is read.
  if (end.why === "closed") gateway.plain.forget(id);
  if (end.why === "ended" && end.event.reason !== "replaced") {
    const { reason, exitCode, message } = end.event;
    return new Refusal("ended", message, {}, { reason, exitCode });
  }
  const isGone = end.why === "closed" && end.code === 4404;
  return isGone
    ? new Refusal("session", `There is no session ${id}. It may have ended.`)
    : new Refusal("taken-over", "Another client has this session now. Ask again to take it back.");
}

function refusedStart(end: ViewerEnd): Refusal {
  if (end.why === "closed") {
    return new Refusal("engine", "No terminal could be started. Try again.");
  }
  const { reason, message, limit } = end.event;
  if (reason === "limit") return new Refusal("limit", message, {}, { limit });
  return new Refusal(reason === "shutdown" ? "leaving" : "engine", message);
}
