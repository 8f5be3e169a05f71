/** JSON requests to a Docker Engine by `fetch` over its Unix socket, in an API version both know. */
import { Buffer } from "node:buffer";
import {
  DockerError,
  DockerUnreachableError,
  DockerVersionError,
  type Doing,
  refused,
  unreachable,
} from "./errors.ts";
import { abortableBody } from "./abortable_body.ts";
import { ERROR_BODY_BYTES } from "./http_answer.ts";
import { jsonLines } from "./json_lines.ts";
import type { CallOptions, Version } from "./types.ts";

/** The oldest and newest API versions this library speaks. */
export const OLDEST_API = "1.41", NEWEST_API = "1.51";

/** Never connected to; an address, as `fetch` asks the name servers even for a host behind a socket. */
const HOST = "127.0.0.1";

/** The longest JSON answer. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** One request. */
export interface Call extends CallOptions {
  readonly doing: Doing;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** The segments of the path below the version, ids and names as they are. */
  readonly path: readonly string[];
  /** What is undefined or false is left out; true is sent as 1. */
  readonly query?: Record<string, string | number | boolean | undefined>;
  readonly body?: unknown;
  /** Sent as it is, a tar, in the place of a body of JSON. */
  readonly tar?: Uint8Array<ArrayBuffer>;
  /** `/version` and `/_ping` come before a version is agreed on. */
  readonly unversioned?: boolean;
}

/** The socket of one Engine; each call rejects with its signal's own reason when that aborts. */
export class Client implements Disposable {
  readonly socketPath: string;
  readonly #http: Deno.HttpClient;
  readonly #closing = new AbortController();
  #negotiated: Promise<string> | undefined;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    this.#http = Deno.createHttpClient({ proxy: { transport: "unix", path: socketPath } });
  }

  version(options: CallOptions = {}): Promise<Version> {
    return this.json({
      ...options,
      doing: "ask the Docker Engine for its version",
      method: "GET",
      path: ["version"],
      unversioned: true,
    });
  }

  /** One negotiation serves all callers, so that no caller's signal may end it for the others. */
  apiVersion({ signal }: CallOptions = {}): Promise<string> {
    this.#negotiated ??= this.version({ signal: this.#closing.signal }).then(agreed)
      .catch((error) => {
        this.#negotiated = undefined;
        throw error;
      });
    return abortable(this.#negotiated, signal);
  }

  /**
   * Where a call goes, its version included: "/v1.41/containers/abc/attach?stream=1".
   *
   * @throws {TypeError} when an id is empty or a dot name, which would address something else
   */
  async target({ doing, path, query = {}, unversioned, signal }: Call): Promise<string> {
    signal?.throwIfAborted();
    const wrong = path.find((part) => /^\.{0,2}$/.test(part));
    if (wrong !== undefined) throw new TypeError(`Cannot ${doing}: "${wrong}" is no id or name`);
    const prefix = unversioned ? "" : `/v${await this.apiVersion({ signal })}`;
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined || value === false) continue;
      search.set(name, value === true ? "1" : String(value));
    }
    return `${prefix}/${path.map(encodeURIComponent).join("/")}${search.size ? `?${search}` : ""}`;
  }

  /** Resolves with the answer once its headers are there; "not modified" (304) counts as done. */
  async request(call: Call): Promise<Response> {
    const target = await this.target(call);
    let response: Response;
    try {
      const fetched = fetch(`http://${HOST}${target}`, {
        client: this.#http,
        method: call.method,
        redirect: "manual",
        signal: call.signal,
        ...(call.tar && { headers: { "content-type": "application/x-tar" }, body: call.tar }),
        ...(call.body === undefined ? {} : {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(call.body),
        }),
      });
      response = await abortable(fetched, call.signal);
    } catch (cause) {
      throw this.#lost(call, cause);
    }
    if (response.body && call.signal) {
      response = new Response(abortableBody(response.body, call.signal), response);
    }
    if (response.ok || response.status === 304) return response;
    const { text } = await this.#text(call, response, ERROR_BODY_BYTES);
    throw refused(call.doing, response.status, text, response.statusText);
  }

  /** The answer's JSON. */
  async json<T>(call: Call): Promise<T> {
    return await this.body<T>(call, await this.request(call));
  }

  /** The JSON of an answer whose headers have come. */
  async body<T>(call: Call, response: Response): Promise<T> {
    const { text, cut } = await this.#text(call, response, ANSWER_BYTES);
    if (cut) {
      throw new DockerError(`Cannot ${call.doing}: the answer is over ${ANSWER_BYTES} bytes`);
    }
    if (!text.trim()) throw this.#lost(call, new Error("the answer ended before its body came"));
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new DockerError(`Cannot ${call.doing}: the answer is not JSON`, { cause });
    }
  }

  /** A call whose answer's body says nothing. */
  async done(call: Call): Promise<void> {
    await this.#text(call, await this.request(call), ANSWER_BYTES);
  }

  /** The answer as it came. */
  async bytes(call: Call): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, cut } = await this.#bytes(call, await this.request(call), ANSWER_BYTES);
    if (!cut) return bytes;
    throw new DockerError(`Cannot ${call.doing}: the answer is over ${ANSWER_BYTES} bytes`);
  }

  /** The answer's JSON lines; asked for at the first `next`, given up when the loop is left. */
  async *lines<T>(call: Call): AsyncGenerator<T, void, void> {
    const { body } = await this.request(call);
    if (!body) return;
    try {
      for await (const line of jsonLines(body)) yield line as T;
    } catch (cause) {
      if (cause instanceof SyntaxError || cause instanceof RangeError) {
        throw new DockerError(`Cannot ${call.doing}: the answer is not JSON lines`, { cause });
      }
      throw this.#lost(call, cause);
    }
  }

  /** Ends a negotiation under way and drops idle connections; calls under way end by their signals. */
  [Symbol.dispose](): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(
      new DockerUnreachableError("Cannot use the Docker client: it is closed", this.socketPath),
    );
    this.#http.close();
  }

  async #text(call: Call, response: Response, most: number) {
    const { bytes, cut } = await this.#bytes(call, response, most);
    return { text: new TextDecoder().decode(bytes), cut };
  }

  async #bytes(
    call: Call,
    { body }: Response,
    most: number,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; cut: boolean }> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of body ?? []) {
        chunks.push(chunk.slice(0, most - length)); // a chunk may be a few bytes of a large buffer
        length += chunk.length;
        if (length > most) break;
      }
    } catch (cause) {
      throw this.#lost(call, cause);
    }
    return { bytes: new Uint8Array(Buffer.concat(chunks)), cut: length > most };
  }

  /** The abort's own reason when the signal is why, else what became of the connection. */
  #lost({ doing, signal }: Call, cause: unknown): unknown {
    return signal?.aborted ? signal.reason : unreachable(doing, this.socketPath, cause);
  }
}

/** The API version to speak with an Engine: its own, or our newest when that is older. */
function agreed({ Version, ApiVersion, MinAPIVersion }: Version): string {
  const sentence = (remedy: string) =>
    new DockerVersionError(
      `Cannot use Docker Engine ${Version}: it speaks API ${MinAPIVersion ?? ApiVersion} to ` +
        `${ApiVersion}, this program ${OLDEST_API} to ${NEWEST_API}; ${remedy}`,
    );
  if (compare(ApiVersion, OLDEST_API) < 0) throw sentence("update Docker to 20.10 or later");
  if (MinAPIVersion && compare(MinAPIVersion, NEWEST_API) > 0) {
    throw sentence("update this program");
  }
  return compare(ApiVersion, NEWEST_API) < 0 ? ApiVersion : NEWEST_API;
}

/** Negative, zero or positive; a version that is none is older than all. */
function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = numbers(a), [bMajor = 0, bMinor = 0] = numbers(b);
  return aMajor - bMajor || aMinor - bMinor;
}

function numbers(version: string): number[] {
  return /^\d+\.\d+$/.test(version) ? version.split(".").map(Number) : [];
}

/** The promise's outcome, or the abort's reason when that comes first. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
