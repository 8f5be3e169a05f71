/** One channel of SSH with a session of its own: the channel is its terminal. */
import type { ServerChannel, Session } from "ssh2";
import type { Socket } from "node:net";
import { COMMAND_BYTES } from "../agent/wire.ts";
import { type PlainViewer, readyViewer, type ViewerEnd, ViewerOverError } from "../agent/viewer.ts";
import type { Bucket } from "../bucket.ts";
import type { TerminalEvent, Winsize } from "../types.ts";
import { FAILED_STATUS, finish, wordsOf, written } from "./channel.ts";
import type { Door, Visitor, Wanted } from "./door.ts";
import { gather } from "./gather.ts";
import { runInChannel } from "./run.ts";
import { sftpInChannel } from "./sftp.ts";

/** Typed bytes that may be on their way before the client is made to wait, and what each piece adds. */
const AHEAD_BYTES = 256 * 1024, PIECE_OVERHEAD_BYTES = 256;
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
  /** What the user's clients may send. */
  readonly allowance: Bucket;
  /** The connection that carries it. */
  readonly raw: Socket;
  /** Aborted when the connection is over. */
  readonly gone: AbortSignal;
  /** Aborted when nothing more may begin. */
  readonly dismissed: AbortSignal;
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
  let signal: ((name: string) => void) | null = null;
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
    if (signal !== null) signal(name);
    else if (key !== undefined && viewer !== null) void type(viewer, key, gone);
    else if (FATAL.has(name)) end();
    accept?.();
  });
  const { promise: begun, resolve: begin } = Promise.withResolvers<
    {
      readonly channel: ServerChannel;
      readonly line: string | null;
      readonly isSftp: boolean;
    } | null
  >();
  const start = (
    accept: () => ServerChannel | undefined,
    line: string | null,
    isSftp = false,
  ) => {
    const channel = accept();
    if (channel === undefined) return; // one is there already
    gather(channel);
    channel.on("error", () => closed.abort());
    begin({ channel, line, isSftp });
  };
  session.on("shell", (accept) => start(accept, null));
  session.on("exec", (accept, _reject, { command }) => start(accept, command));
  session.on("subsystem", (accept, reject, { name }) => {
    if (name === "sftp") start(accept, null, true);
    else reject?.();
  });
  const never = AbortSignal.any([gone, parts.dismissed]);
  never.addEventListener("abort", () => begin(null), { once: true });
  if (never.aborted) begin(null);
  const what = await begun;
  if (what === null) return;
  const { channel, line, isSftp } = what;
  try {
    if (isSftp) {
      const end = await sftpInChannel(channel, parts, gone);
      return await finish(channel, end.status, end.words, gone);
    }
    if (winsize === null) {
      const end = await runInChannel(channel, line, parts, gone, (to) => signal = to);
      return await finish(channel, end.status, end.words, gone);
    }
    const refusal = refusalOf(line);
    if (refusal !== null) return await finish(channel, FAILED_STATUS, refusal, gone);
    const command = line === null ? undefined : ["/bin/sh", "-c", line];
    const wanted: Wanted = { winsize, command };
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
function refusalOf(line: string | null): string | null {
  if (line !== null && new TextEncoder().encode(line).length > COMMAND_BYTES) {
    return `A command may have ${COMMAND_BYTES} bytes.`;
  }
  return null;
}

/** Types what the client sends, and makes it wait for a session that takes nothing. */
function listen(channel: ServerChannel, viewer: PlainViewer, gone: AbortSignal): void {
  let ahead = 0;
  channel.on("data", (bytes: Uint8Array) => {
    const cost = bytes.length + PIECE_OVERHEAD_BYTES;
    ahead += cost;
    if (ahead > AHEAD_BYTES) channel.pause();
    void type(viewer, bytes, gone).then(() => {
      ahead -= cost;
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
    await written(channel, output.bytes, raw, gone);
    next = output.from + output.bytes.length;
  }
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

function sizeOf({ cols, rows }: Winsize): Winsize {
  const cells = (asked: number, usual: number) => asked >= 1 && asked <= MAX_CELLS ? asked : usual;
  return { cols: cells(cols, 80), rows: cells(rows, 24) };
}
