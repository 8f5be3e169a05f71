/** One channel of SSH with a session of its own: the channel is its terminal. */
import type { ServerChannel, Session } from "ssh2";
import type { Socket } from "node:net";
import { COMMAND_BYTES } from "../agent/wire.ts";
import { type PlainViewer, readyViewer, type ViewerEnd, ViewerOverError } from "../agent/viewer.ts";
import { abortable } from "../clock.ts";
import { CLOSE } from "../protocol/frame.ts";
import type { TerminalEvent, Winsize } from "../types.ts";
import type { Door, Visitor, Wanted } from "./door.ts";

/** Typed bytes that may be on their way before the client is made to wait. */
const AHEAD_BYTES = 256 * 1024;
/** What may wait for the network before the session is made to wait. */
const UNSENT_BYTES = 1024 * 1024;
/** What a client is told that has no shell's status to be told (ssh(1) has the same for its own errors). */
const FAILED_STATUS = 255;
/** The longest side of a terminal. */
const MAX_CELLS = 65_535;
/** Keys by which a terminal's line discipline makes the signals (termios(3)). */
const KEYS: Readonly<Record<string, string>> = { INT: "\x03", QUIT: "\x1c", TSTP: "\x1a" };
/** Signals that end the session, as a terminal that is closed does. */
const FATAL: ReadonlySet<string> = new Set(["HUP", "TERM", "KILL"]);

/** What a channel is served with. */
export interface ChannelParts {
  readonly door: Door;
  readonly visitor: Visitor;
  /** The connection that carries it. */
  readonly raw: Socket;
  /** Aborted when the connection is over. */
  readonly gone: AbortSignal;
}

/** Serves a channel; resolves when it is closed, and its session with it. Never rejects. */
export async function serveChannel(session: Session, parts: ChannelParts): Promise<void> {
  const { door, visitor: { user, source } } = parts;
  const closed = new AbortController();
  const gone = AbortSignal.any([closed.signal, parts.gone]);
  session.on("close", () => closed.abort());
  let winsize: Winsize | null = null;
  let viewer: PlainViewer | null = null;
  let end = () => closed.abort();
  session.on("pty", (accept, _reject, size) => {
    winsize = sizeOf(size);
    accept?.();
  });
  session.on("window-change", (accept, _reject, size) => {
    winsize = sizeOf(size);
    viewer?.resize(winsize);
    accept?.();
  });
  session.on("signal", (accept, _reject, { name }) => {
    const key = KEYS[name];
    if (key !== undefined && viewer !== null) void type(viewer, key, gone);
    else if (FATAL.has(name)) end();
    accept?.();
  });
  const { promise: begun, resolve: begin } = Promise.withResolvers<
    { readonly channel: ServerChannel; readonly line: string | null } | null
  >();
  const start = (accept: () => ServerChannel | undefined, line: string | null) => {
    const channel = accept();
    if (channel === undefined) return; // one is there already
    channel.on("error", () => closed.abort());
    begin({ channel, line });
  };
  session.on("shell", (accept) => start(accept, null));
  session.on("exec", (accept, _reject, { command }) => start(accept, command));
  gone.addEventListener("abort", () => begin(null), { once: true });
  if (gone.aborted) begin(null);
  const what = await begun;
  if (what === null) return;
  const { channel, line } = what;
  try {
    const refusal = refusalOf(winsize, line);
    if (refusal !== null) return await finish(channel, FAILED_STATUS, refusal, gone);
    const command = line === null ? undefined : ["/bin/sh", "-c", line];
    const wanted: Wanted = { winsize: winsize!, command };
    const ready = await readyViewer(
      (opening) => door.serve(opening, parts.visitor, wanted, gone),
      gone,
      (event) => tell(channel, event),
    );
    viewer = ready.viewer;
    end = () => void door.end(ready.session, parts.visitor);
    using _viewer = ready.viewer;
    if (winsize !== wanted.winsize) viewer.resize(winsize!); // it has changed meanwhile
    listen(channel, viewer, gone);
    await show(channel, viewer, parts.raw, gone);
    if (viewer.end === null) await door.end(ready.session, parts.visitor);
    const { status, words } = farewell(viewer.end);
    await finish(channel, status, words, gone);
  } catch (error) {
    if (gone.aborted) return;
    const { status, words } = error instanceof ViewerOverError
      ? farewell(error.end)
      : { status: FAILED_STATUS, words: (error as Error).message };
    if (!(error instanceof ViewerOverError)) {
      door.counted.of(source).info("no session for a client of SSH", { user, error });
    }
    await finish(channel, status, words, gone);
  }
}

/** Says what is no output of the shell's, on a line of its own. */
function tell(channel: ServerChannel, event: TerminalEvent): void {
  const say = (text: string) => void channel.stderr.write(`\r\n[${text}]\r\n`);
  if (event.type === "idle") say(`This terminal ends in ${event.remaining} s: nothing is typed.`);
  if (event.type === "notice" && event.text !== "") say(event.text);
}

/** Why there is nothing to be had, in a sentence. */
function refusalOf(
  winsize: Winsize | null,
  line: string | null,
): string | null {
  if (winsize === null) return "Everything runs in a terminal here: ask for one with ssh -t.";
  if (line !== null && new TextEncoder().encode(line).length > COMMAND_BYTES) {
    return `A command may have ${COMMAND_BYTES} bytes.`;
  }
  return null;
}

/** Types what the client sends, and makes it wait for a session that takes nothing. */
function listen(channel: ServerChannel, viewer: PlainViewer, gone: AbortSignal): void {
  let ahead = 0;
  channel.on("data", (bytes: Uint8Array) => {
    ahead += bytes.length;
    if (ahead > AHEAD_BYTES) channel.pause();
    void type(viewer, bytes, gone).then(() => {
      ahead -= bytes.length;
      if (ahead <= AHEAD_BYTES && !gone.aborted) channel.resume();
    });
  });
}

async function type(
  viewer: PlainViewer,
  what: string | Uint8Array,
  gone: AbortSignal,
): Promise<void> {
  const bytes = typeof what === "string" ? new TextEncoder().encode(what) : what;
  await viewer.write(viewer.typed, bytes, gone).catch(() => {}); // its end is told by its output
}

/** Shows all output, as fast as the client takes it; resolves when there is no more, or it is gone. */
async function show(
  channel: ServerChannel,
  viewer: PlainViewer,
  raw: Socket,
  gone: AbortSignal,
): Promise<void> {
  const { offset } = await viewer.ready;
  let next = offset;
  while (!gone.aborted) {
    const output = await viewer.read(next, gone);
    if (output === null) return;
    await written(channel, output.bytes, gone);
    while (raw.writableLength > UNSENT_BYTES && !gone.aborted) {
      await abortable(new Promise((resolve) => raw.once("drain", resolve)), gone).catch(() => {});
    }
    next = output.from + output.bytes.length;
  }
}

/** Resolves when the client's window had room for it, or the client is gone. */
async function written(
  channel: ServerChannel,
  bytes: Uint8Array,
  gone: AbortSignal,
): Promise<void> {
  const taken = new Promise<void>((resolve) => channel.write(bytes, () => resolve()));
  await abortable(taken, gone).catch(() => {});
}

/** What the client is told at the end: the shell's status, or why there is none. */
function farewell(end: ViewerEnd | null): { readonly status: number; readonly words: string } {
  if (end?.why === "ended") {
    const { reason, exitCode, message } = end.event;
    if (reason === "exit") return { status: exitCode ?? FAILED_STATUS, words: "" };
    return { status: FAILED_STATUS, words: message };
  }
  return { status: FAILED_STATUS, words: wordsOf(end?.code) };
}

function wordsOf(code: number | undefined): string {
  switch (code) {
    case CLOSE.restarting:
      return "The gateway is being restarted. Connect again in a moment.";
    case CLOSE.loginEnded:
      return "Your log-in has ended: your account, your password or your key has changed.";
    default:
      return "The connection to your session was lost.";
  }
}

/** Says good-bye; resolves when the client has closed the channel. */
async function finish(
  channel: ServerChannel,
  status: number,
  words: string,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return;
  try {
    if (words !== "") channel.stderr.write(`${words}\r\n`);
    channel.exit(status);
    channel.end();
    channel.resume(); // what is typed yet goes nowhere
  } catch {
    return; // it has hung up just now
  }
  if (gone.aborted) return;
  await new Promise<void>((resolve) => gone.addEventListener("abort", () => resolve()));
}

function sizeOf({ cols, rows }: Winsize): Winsize {
  const cells = (asked: number, usual: number) => asked >= 1 && asked <= MAX_CELLS ? asked : usual;
  return { cols: cells(cols, 80), rows: cells(rows, 24) };
}
