/** Asks a running gateway through its admin socket. */
import * as v from "valibot";

/** Longer than the gateway waits for Docker to remove a container. */
const REQUEST_MS = 30_000;

/** The gateway's answer that it does not do what was asked, and its status. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(readonly status: number, detail: string) {
    super(`the gateway refused: ${detail}`);
  }
}

/** No gateway listens there. */
export class NoGatewayError extends Error {
  override readonly name = "NoGatewayError";
}

/**
 * Sends one request.
 *
 * @param shape what a good answer has: more may be in it, null is for one without a body
 * @returns what the answer's JSON says
 * @throws {RefusedError}
 * @throws {NoGatewayError}
 * @throws {Error} in a sentence that says what to do when no gateway answers
 */
export async function ask<S extends v.GenericSchema>(
  socket: string,
  shape: S,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<v.InferOutput<S>> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  let response: Response;
  try {
    // An address, as Deno would look a name up in the DNS even here.
    response = await fetch(`http://127.0.0.1${path}`, {
      method,
      client,
      signal: AbortSignal.timeout(REQUEST_MS),
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
  } catch (error) {
    throw unanswered(error as Error, socket);
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => undefined);
  if (response.ok && v.is(shape, answer)) return answer;
  if (typeof answer?.detail !== "string") {
    throw new Error(`what answers on ${socket} is no gateway; mend gateway.admin_socket`);
  }
  throw new RefusedError(response.status, answer.detail);
}

/** Why nobody answered; fetch says it in words only. */
function unanswered(error: Error, socket: string): Error {
  if (error.name === "TimeoutError") {
    return new Error(`the gateway does not answer on ${socket} within 30 s; see its journal`);
  }
  const said = `${error.message} ${error.cause}`;
  if (/os error 13\b/.test(said)) {
    return new Error(`you may not use ${socket}; run this as root (with sudo)`);
  }
  if (!/os error (2|111)\b/.test(said)) {
    return new Error(`the gateway on ${socket} hung up before it answered; see its journal`);
  }
  return new NoGatewayError(
    `no gateway runs that answers on ${socket}; the first visit of its page starts it under ` +
      "systemd ('systemctl status ttygate.socket' tells); if one does run, mend gateway.admin_socket",
  );
}
