/** Joins the terminal of a running container again, and finds out what was printed until then. */
import { Buffer } from "node:buffer";
import { DockerError } from "deno-docker-api";
import type { Docker } from "deno-docker-api";
import { concat } from "../bytes.ts";
import { settlesWithin, systemClock } from "../clock.ts";
import { withDeadline } from "./docker_calls.ts";
import { type AttachOptions, DockerTerminal } from "./docker_terminal.ts";
import type { Rejoined, ShellStream } from "./engine.ts";

/** What a container printed before it was paused has come when nothing came for so long. */
const QUIET_MS = 20;
/** More than all pipes and buffers between a program and the stream hold. */
const HEARD_BYTES = 16 * 1024 * 1024;
/** How often the log is read until it stands still: the Engine writes it behind the stream. */
const LOG_TRIES = 50;
/** What was heard has come to the log when the log ends like it. */
const LAST_LINES_BYTES = 4 * 1024;
/** Whether something comes: a program that prints on and on is never quiet. */
const ONCE = 1;
const READ_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

type Containers = Docker["containers"];

/**
 * The Engine attaches nothing to a paused container, so this attaches first and then, where the
 * programs print, pauses them: the stream has all since the attach, the log all whole lines until
 * the pause, and conmon's (8) the unfinished one besides.
 */
export async function rejoin(
  containers: Containers,
  container: string,
  { joint, signal }: AttachOptions,
): Promise<Rejoined> {
  const options = { joint, signal: withDeadline(signal) };
  await unpause(containers, container);
  await using made = new AsyncDisposableStack();
  const readLog = () => containers.logs(container, options);
  const before = await readLog();
  const attached = new Attached(
    made.use(await DockerTerminal.attach(containers, container, options)),
  );
  // A shell that waits for its person prints nothing, and need not be stopped.
  const isQuiet = async () =>
    (heard = await attached.hear(ONCE)).length === 0 && isSame(await readLog(), before);
  let heard: Uint8Array<ArrayBuffer> = new Uint8Array();
  if (await isQuiet() && await isQuiet()) {
    made.move();
    return { stream: attached, heard, log: before };
  }
  let log: Uint8Array<ArrayBuffer>;
  await pause(containers, container, options.signal);
  try {
    // On a busy machine what was printed comes to the log before it comes to the stream.
    const listen = async () => heard = concat([heard, await attached.hear()]);
    await listen();
    log = await settledLog(readLog, listen, before);
  } finally {
    await unpause(containers, container);
  }
  made.move();
  return { stream: attached, heard, log };
}

/** Has a container's programs stand still; nothing changes when they do already. */
export async function pause(
  containers: Containers,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await containers.pause(container, { signal });
  } catch (error) {
    if (!(error instanceof DockerError && /already paused/.test(error.message))) throw error;
  }
}

/** Not abortable: nobody else would let the programs go on. */
async function unpause(containers: Containers, container: string): Promise<void> {
  try {
    await containers.unpause(container, { signal: withDeadline() });
  } catch (error) {
    if (!(error instanceof DockerError && /is not paused/.test(error.message))) throw error;
  }
}

/** A stream that can be listened to for a while: a read that then still waits is its next one. */
class Attached implements ShellStream {
  #pending: Promise<Uint8Array | null> | null = null;

  constructor(private readonly stream: ShellStream) {}

  read(maxBytes: number): Promise<Uint8Array | null> {
    const read = this.#pending ?? this.stream.read(maxBytes);
    this.#pending = null;
    return read;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.stream.write(bytes);
  }

  get writtenBytes(): number {
    return this.stream.writtenBytes;
  }

  /** Reads until nothing comes, or so much has come. */
  async hear(mostBytes = HEARD_BYTES): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    for (let heardBytes = 0; heardBytes < mostBytes;) {
      const read = this.read(READ_BYTES);
      read.catch(() => {}); // the next read hears of it
      if (!await settlesWithin(read, QUIET_MS, systemClock)) {
        this.#pending = read;
        break;
      }
      const bytes = await read;
      if (bytes === null) break;
      chunks.push(bytes.slice());
      heardBytes += bytes.length;
    }
    return concat(chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream[Symbol.asyncDispose]();
  }
}

/**
 * Reads the log until it stands still and has what was heard.
 *
 * @param listen waits a little, and tells all that was heard by then
 * @param before what the log had before anybody listened: what it has more is yet to be heard, or was
 * printed before and came late
 */
async function settledLog(
  readLog: () => Promise<Uint8Array<ArrayBuffer>>,
  listen: () => Promise<Uint8Array<ArrayBuffer>>,
  before: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  let log = await readLog();
  for (let tries = 1; tries < LOG_TRIES; tries++) {
    const last = log;
    const heard = await listen();
    log = await readLog();
    if (!isSame(log, last)) continue;
    const lines = heard.subarray(0, heard.lastIndexOf(NEWLINE) + 1);
    // Some logs have unfinished lines, too.
    if (endsLike(log, heard)) break;
    if (lines.length > 0 ? endsLike(log, lines) : isSame(log, before)) break;
  }
  return log;
}

function endsLike(log: Uint8Array, output: Uint8Array): boolean {
  const last = output.slice(-LAST_LINES_BYTES);
  return last.length > 0 && isSame(log.slice(-last.length), last);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
