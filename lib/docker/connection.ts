/** One request on a connection of its own, for answers that are streams. */
import { DockerError, type Doing, refused, unreachable } from "./errors.ts";
import { type AnswerHead, BadAnswerError, readErrorBody, readHead } from "./http_answer.ts";

/** What one read takes at most while little comes. */
export const IDLE_READ_BYTES = 4 * 1024;

/** A request, always a POST. */
export interface ConnectionCall {
  readonly socketPath: string;
  /** Path and query, the API version included. */
  readonly target: string;
  readonly doing: Doing;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Sends the request and hands over the connection after the head of a good answer; the signal
 * governs it until then.
 *
 * @throws {DockerError} with Docker's message when the Engine refuses
 * @throws {DockerUnreachableError} when the socket cannot be reached or the connection is lost
 */
export async function openConnection(
  call: ConnectionCall & {
    /** Further header lines, each with its end. */
    readonly headers: string;
  },
): Promise<{ conn: Deno.UnixConn; head: AnswerHead }> {
  const { doing, signal, socketPath } = call;
  signal?.throwIfAborted();
  let conn: Deno.UnixConn;
  try {
    conn = await Deno.connect({ transport: "unix", path: socketPath });
  } catch (cause) {
    throw unreachable(doing, socketPath, cause);
  }
  const abort = () => conn[Symbol.dispose]();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    await writeAll(conn, new TextEncoder().encode(requestText(call)));
    const read = () => readSome(conn, IDLE_READ_BYTES);
    const head = await readHead(read);
    if (head.status !== 101 && head.status !== 200) {
      throw refused(doing, head.status, await readErrorBody(head, read), head.statusText);
    }
    signal?.throwIfAborted();
    return { conn, head };
  } catch (cause) {
    conn[Symbol.dispose]();
    throw inWords(call, cause);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** The abort's own reason when the signal is why, else what became of the connection. */
function inWords({ doing, signal, socketPath }: ConnectionCall, cause: unknown): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause instanceof DockerError) return cause;
  if (cause instanceof BadAnswerError) {
    return new DockerError(`Cannot ${doing}: ${cause.message}`, { cause });
  }
  return unreachable(doing, socketPath, cause);
}

function requestText(
  { target, headers, body }: ConnectionCall & { readonly headers: string },
): string {
  const json = body === undefined ? "" : JSON.stringify(body);
  const length = new TextEncoder().encode(json).length;
  const type = json && "Content-Type: application/json\r\n";
  return `POST ${target} HTTP/1.1\r\nHost: docker\r\n${headers}${type}` +
    `Content-Length: ${length}\r\n\r\n${json}`;
}

/** One read of at most `size` bytes, in a buffer not much larger than what came. */
export async function readSome(conn: Deno.Conn, size: number): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(size);
  const count = await conn.read(buffer);
  if (count === null) return null;
  return count > size / 2 ? buffer.subarray(0, count) : buffer.slice(0, count);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
