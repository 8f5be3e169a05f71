/** What is read from a request, and written to a connection, beside node:http. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createRequest } from "@remix-run/node-fetch-server";
import { Refusal, text, titleOf } from "./answers.ts";
import { nodeProtocolOf } from "./nodes.ts";
import type { Turnstile } from "./turnstile.ts";

export const HEADER_BYTES = 16 * 1024;
/** How long a client that was refused may take to close its side. */
const REFUSED_MS = 1_000;

/** Other protocols are not spoken here: such a request is answered as it stands. */
export function isUpgrade({ method, headers }: IncomingMessage): boolean {
  if (nodeProtocolOf(headers.upgrade) !== null) return method === "GET";
  const protocols = (headers.upgrade ?? "").toLowerCase().split(",").map((name) => name.trim());
  return method === "GET" && protocols.includes("websocket");
}

/** Tells the client not to ask again on the same connection (RFC 9112, section 9.6). */
export function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** Some clients send the target of a request with scheme and host (RFC 9112, section 3.2.2). */
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

export function pathOf(target = "/"): string {
  return target.replace(ABSOLUTE, "").replace(/^(?!\/)/, "/");
}

/** The host that is asked for; null where HTTP/1.0 names none, and nothing that is one for several. */
export function hostOf(
  { url = "/", headersDistinct, httpVersion }: IncomingMessage,
): string | null {
  const named = ABSOLUTE.exec(url)?.[1] ?? headersDistinct.host?.join(", ");
  return named ?? (httpVersion === "1.0" ? null : "");
}

/** A request as fetch has it. @throws {Refusal} 400 for what fetch has no words for, such as the method TRACE */
export function requestOf(message: IncomingMessage, response: ServerResponse): Request {
  try {
    return createRequest(message, response, { host: "gateway.invalid" });
  } catch {
    throw new Refusal(400, "This is no HTTP request that can be answered.");
  }
}

/** Why the parser gave up. */
export function misunderstood(error: Error & { code?: string }): Refusal | null {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return new Refusal(431, `The head of this request is longer than ${HEADER_BYTES} bytes.`);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Refusal(408, "This request took too long to come.");
    default:
      return error.code?.startsWith("HPE_")
        ? new Refusal(400, "This is no HTTP request that can be answered.")
        : null;
  }
}

/** Says a last word where node:http has no more to say; null for none. */
export async function say(turnstile: Duplex, refusal: Refusal | null): Promise<void> {
  if (refusal === null || !turnstile.writable || (turnstile as Turnstile).isAnswering) {
    turnstile.destroy();
  } else {
    turnstile.end(await plain(text(refusal)));
  }
}

/** A response as it is written, the last of its connection. */
async function plain(response: Response): Promise<string> {
  const body = await response.text();
  response.headers.set("content-length", String(new TextEncoder().encode(body).length));
  response.headers.set("connection", "close");
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${response.status} ${titleOf(response.status)}\r\n${head}\r\n${body}`;
}

/** Answers an upgrade request with a plain response and closes the connection. */
export async function refuse(socket: Socket, response: Response): Promise<void> {
  if (socket.destroyed) return;
  socket.end(await plain(response));
  // Whatever the client still says; it may also keep its side open and say nothing.
  socket.resume();
  socket.setTimeout(REFUSED_MS);
}
