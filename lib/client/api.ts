/** The REST API of a gateway, for programs elsewhere: typed answers, and problems in words that mend. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { SUBPROTOCOL } from "../protocol/frame.ts";
import { ApiError, AwayError } from "./errors.ts";

const REQUEST_MS = 30_000;

/** Who asks, and where. */
export interface ApiParts {
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  /** `Authorization`, of HTTP Basic or a token; "" for none. */
  readonly authorization: string;
  /** Certificates to trust besides the system's, in PEM. */
  readonly ca: string | null;
}

/** HTTP Basic (RFC 7617) in UTF-8. */
export function basic(user: string, password: string): string {
  return `Basic ${new TextEncoder().encode(`${user}:${password}`).toBase64()}`;
}

/** An address as people write it: with https where it has no scheme. @throws {Error} */
export function urlOf(text: string): string {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new Error(`${text} is no address of a gateway, such as https://shell.example.org`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** Disposing it ends its connections. */
export class Api implements Disposable {
  readonly url: string;
  readonly #authorization: string;
  readonly #ca: string | null;
  readonly #client: Deno.HttpClient;

  constructor({ url, authorization, ca }: ApiParts) {
    this.url = url;
    this.#authorization = authorization;
    this.#ca = ca;
    this.#client = Deno.createHttpClient(ca === null ? {} : { caCerts: [ca] });
  }

  /**
   * Asks for something below `/api/v1`. Follows nobody elsewhere: the token is for this gateway.
   *
   * @param shape what a good answer has; null is for one without a body
   * @throws {ApiError | AwayError}
   */
  async ask<S extends v.GenericSchema>(
    shape: S,
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<v.InferOutput<S>> {
    let response: Response;
    try {
      response = await fetch(`${this.url}/api/v1${path}`, {
        method,
        client: this.#client,
        redirect: "manual",
        signal: AbortSignal.timeout(REQUEST_MS),
        headers: {
          ...(this.#authorization && { authorization: this.#authorization }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
    } catch (cause) {
      throw away(this.url, cause as Error);
    }
    const answer = response.status === 204 ? null : await response.json().catch(() => undefined);
    if (response.ok && v.is(shape, answer)) return answer;
    throw this.#refusal(response.status, answer, response.headers.get("location"));
  }

  /**
   * The bytes of something below `/api/v1`, as they are read.
   *
   * @throws {ApiError | AwayError}
   */
  async download(path: string, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.url}/api/v1${path}`, {
        client: this.#client,
        redirect: "manual",
        signal,
        headers: { authorization: this.#authorization },
      });
    } catch (cause) {
      signal.throwIfAborted();
      throw away(this.url, cause as Error);
    }
    if (response.ok) return response;
    const answer = await response.json().catch(() => undefined);
    throw this.#refusal(response.status, answer, response.headers.get("location"));
  }

  /**
   * Puts so many bytes there, no faster than they are taken.
   *
   * By node:http, as fetch() does not say how long a stream is.
   *
   * @throws {ApiError | AwayError}
   */
  async upload(
    path: string,
    { body, bytes }: { readonly body: ReadableStream<Uint8Array>; readonly bytes: number },
    signal: AbortSignal,
  ): Promise<void> {
    const url = new URL(`${this.url}/api/v1${path}`);
    const answered = Promise.withResolvers<IncomingMessage>();
    const options = {
      method: "PUT",
      ...(this.#ca !== null && { ca: this.#ca }),
      headers: { authorization: this.#authorization, "content-length": bytes },
    };
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = start(url, options, answered.resolve);
    request.on("error", answered.reject);
    const sent = pipeline(Readable.fromWeb(body as never), request, { signal });
    sent.catch(() => {});
    try {
      // It may be refused before all of it is sent.
      const message = await Promise.race([answered.promise, sent.then(() => answered.promise)]);
      const text = await new Response(Readable.toWeb(message) as ReadableStream).text();
      const { statusCode = 0, headers } = message;
      if (statusCode >= 200 && statusCode < 300) return await sent;
      throw this.#refusal(statusCode, jsonOf(text), headers.location ?? null);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof ApiError || cause instanceof AwayError) throw cause;
      throw away(this.url, cause as Error);
    } finally {
      request.destroy();
    }
  }

  #refusal(status: number, answer: { detail?: unknown } | undefined, elsewhere: string | null) {
    if (typeof answer?.detail === "string") {
      const isOver = status === 401 && this.#authorization.startsWith("Bearer ");
      return new ApiError(status, isOver ? loggedOut(answer.detail, this.url) : answer.detail);
    }
    const mend = elsewhere ? `it leads to ${elsewhere}; log in there` : "mend the address";
    return new AwayError(`what answers on ${this.url} is no gateway of ttygate; ${mend}`);
  }

  /** Opens a connection to a terminal; what it asks for is the query. */
  terminal(query: Readonly<Record<string, string | number>>): WebSocket {
    return this.#webSocket(`/terminal?${new URLSearchParams(query as Record<string, string>)}`);
  }

  /** Opens a connection to a command in a machine, which the first message names. */
  run(machine: string): WebSocket {
    return this.#webSocket(`/api/v1/machines/${encodeURIComponent(machine)}/run`);
  }

  #webSocket(path: string): WebSocket {
    const url = this.url.replace(/^http/i, "ws") + path;
    // Deno takes more than the DOM's WebSocket, whose type it has here.
    const options = {
      protocols: [SUBPROTOCOL],
      headers: { authorization: this.#authorization },
      client: this.#client,
    } as unknown as string[];
    const socket = new WebSocket(url, options);
    socket.binaryType = "arraybuffer";
    return socket;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function jsonOf(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is said of a token that is none any more. */
export function loggedOut(why: string, url: string): string {
  return `${why} Run 'ttygate login ${url}'.`;
}

export function away(url: string, cause: Error): AwayError {
  return new AwayError(`${url} does not answer: ${whyAway(cause)}`);
}

function whyAway(error: Error): string {
  if (error.name === "TimeoutError") return "it took over 30 seconds";
  const said = `${error.message} ${error.cause}`;
  if (/certificate|UnknownIssuer/i.test(said)) {
    return "its certificate is not known here; give its authority's by --ca FILE";
  }
  if (/corrupt message/i.test(said)) return "it speaks no HTTPS; write http:// where that is meant";
  if (/dns|lookup/i.test(said)) return "there is no such host";
  if (/refused/i.test(said)) return "nothing listens there";
  return error.message;
}
