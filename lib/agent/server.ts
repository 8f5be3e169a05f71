/** An agent's listener: what a gateway asks for over HTTP, on a Unix socket or on any other connection. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import manifest from "../../deno.json" with { type: "json" };
import { Changes } from "../changes.ts";
import { systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { FilesError } from "../protocol/files.ts";
import { LOG_WAIT_MS, LogAskShape } from "../protocol/log.ts";
import { MachineError, PortAskShape } from "../protocol/machines.ts";
import { DrainOrderShape, TellOrderShape } from "../protocol/resources.ts";
import type { Agent, Dismissal } from "./agent.ts";
import { FilesOrderShape } from "./file_wire.ts";
import { answerAsk, MachineAskShape } from "./machines/machine_wire.ts";
import { PORT_HEADER, PORT_PATH, servePort } from "./machines/port_wire.ts";
import { answerOrder, goneOf, serveFile } from "./serve_files.ts";
import {
  BODY_BYTES,
  CHANGES_MS,
  ChangesShape,
  DismissalShape,
  EndingShape,
  ROOT,
  VERSION_HEADER,
  VISIT_HEADER,
  VISIT_ID_HEADER,
  VisitShape,
} from "./wire.ts";

/** A visit's header, and the client's own, fit well. */
const HEADER_BYTES = 16 * 1024;
/** How long a gateway may take for a request. */
const REQUEST_MS = 10_000;

const FILE_PATH = /\/sessions\/([^/]+)\/file$/;

/** What is wrong with a request, in words for the log of a gateway. */
class BadRequest extends Error {
  constructor(readonly status: 400 | 404 | 413, message: string) {
    super(message);
  }
}

type Verb = (
  agent: Agent,
  parts: { id: string; body: () => Promise<unknown>; gone: AbortSignal; changes: () => Changes },
) => Promise<unknown>;

/** By method and path, in which `*` stands for an id. */
const VERBS: Readonly<Record<string, Verb>> = {
  "GET /sessions": (agent) => agent.list(),
  "POST /sessions/*/end": async (agent, { id, body }) =>
    await agent.end(id, parse(EndingShape, await body())),
  "POST /changes": async (_agent, { body, gone, changes }) => {
    const { known } = parse(ChangesShape, await body());
    return await changes().after(known, AbortSignal.any([gone, AbortSignal.timeout(CHANGES_MS)]));
  },
  "GET /counts": (agent) => agent.counts(),
  "GET /status": (agent) => agent.status(),
  "GET /overview": (agent) => agent.overview(),
  "GET /live": (agent) => agent.whyNotLive(),
  "GET /ready": (agent) => agent.whyNotReady(),
  "GET /drain": (agent) => agent.drain(),
  "POST /drain": async (agent, { body }) =>
    await agent.beginDrain(parse(DrainOrderShape, await body())),
  "DELETE /drain": (agent) => agent.cancelDrain(),
  "POST /broadcast": async (agent, { body }) => {
    const { text, session } = parse(TellOrderShape, await body());
    return await agent.broadcast(text, session);
  },
  "POST /log": async ({ log }, { body, gone }) => {
    const { after } = parse(LogAskShape, await body());
    if (log === null) throw new BadRequest(404, "This agent has no log of its own.");
    return await log.read(after, AbortSignal.any([gone, AbortSignal.timeout(LOG_WAIT_MS)]));
  },
  "POST /sessions/*/files": async ({ files }, { id, body, gone }) =>
    await answerOrder(files, id, parse(FilesOrderShape, await body()), gone),
  "POST /machines": async ({ machines }, { body, gone }) =>
    await answerAsk(machines, parse(MachineAskShape, await body()), gone),
};

/** Serves gateways. Disposing it ends their connections; sessions live on. */
export class AgentServer implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #log: Log;
  readonly #connections = new Set<Duplex>();
  readonly #onUse = new WeakMap<Duplex, () => void>();
  /** Those with a request under way. */
  readonly #busy = new WeakSet<Duplex>();
  /** The clients that are being served, by the ids that their gateways gave them. */
  readonly #visits = new Map<string, AbortController>();
  /** Null until a gateway asks for them. */
  #changes: Changes | null = null;
  readonly #over = new AbortController();
  readonly server: Server;

  constructor(agent: Agent, log: Log) {
    this.#agent = agent;
    this.#log = log;
    const limits = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: 0, // a file takes as long as it takes; what is JSON is read in time
      requireHostHeader: false,
    };
    const server = this.server = createServer(limits, (request, response) => {
      this.#answer(request, response);
    });
    server.on("connection", (connection: Duplex) => {
      this.#connections.add(connection);
      connection.on("close", () => this.#connections.delete(connection));
    });
    server.on("upgrade", (request, connection, ahead) => {
      this.#serve(request, connection, ahead);
    });
    server.on("clientError", (_error, connection) => connection.destroy());
  }

  /**
   * Takes a connection that came some other way than through the server's own socket.
   *
   * @param onUse told at each request, whose data nobody else gets to see
   */
  accept(connection: Duplex, onUse: () => void = () => {}): void {
    this.#onUse.set(connection, onUse);
    this.server.emit("connection", connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#over.abort();
    this.server.close(() => closed.resolve());
    for (const connection of this.#connections) connection.destroy();
    await closed.promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    // A gateway asks one thing at a time on a connection.
    if (this.#busy.has(socket)) return void socket.destroy();
    this.#busy.add(socket);
    this.#onUse.get(socket)?.();
    response.once("close", () => this.#busy.delete(socket));
    const answer = (status: number, body: unknown) => {
      if (response.destroyed) return;
      const bytes = new TextEncoder().encode(JSON.stringify(body));
      const headers = { "content-type": "application/json", "content-length": bytes.length };
      response.writeHead(status, headers).end(bytes);
    };
    try {
      if (FILE_PATH.test(request.url ?? "") && await this.#serveFile(request, response)) return;
      answer(200, { answer: await this.#ask(request, goneOf(response)) });
    } catch (error) {
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (error instanceof FilesError) {
        const { fault, message } = error;
        return answer(409, { fault: { fault, message } });
      }
      if (error instanceof MachineError) {
        const { kind, message } = error;
        return answer(409, { machineFault: { kind, message } });
      }
      if (error instanceof BadRequest) return answer(error.status, { error: error.message });
      this.#log.error("a gateway's request failed", { path: request.url, error });
      answer(500, { error: "The agent failed. Its log says why." });
    }
  }

  /** @returns whether that is what was asked for */
  async #serveFile(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, session = ""] = FILE_PATH.exec(pathOf(request)) ?? [];
    if (request.method !== "GET" && request.method !== "PUT") return false;
    await serveFile(this.#agent.files, session, request, response);
    return true;
  }

  async #ask(request: IncomingMessage, gone: AbortSignal): Promise<unknown> {
    const path = pathOf(request);
    const [, kind, id = "", verb] = path.split("/");
    const body = () => readJson(request);
    if (request.method === "POST" && kind === "visits" && verb === "dismiss") {
      return this.#dismiss(id, parse(DismissalShape, await body()));
    }
    const key = `${request.method} ${verb === undefined ? path : `/${kind}/*/${verb}`}`;
    if (!Object.hasOwn(VERBS, key)) throw new BadRequest(404, `There is nothing at ${key}.`);
    const changes = () => this.#watched();
    return await VERBS[key]!(this.#agent, { id, body, gone, changes });
  }

  /** From the first time on that somebody asks. */
  #watched(): Changes {
    if (this.#changes !== null) return this.#changes;
    // Not those of an agent before this one.
    const changes = this.#changes = new Changes(Date.now());
    void this.#agent.watch(() => changes.note(), this.#over.signal);
    return changes;
  }

  /** @returns whether there was such a visit */
  #dismiss(id: string, dismissal: Dismissal): boolean {
    const visit = this.#visits.get(id);
    visit?.abort(dismissal);
    return visit !== undefined;
  }

  async #serve(request: IncomingMessage, connection: Duplex, ahead: Uint8Array): Promise<void> {
    this.#onUse.get(connection)?.();
    connection.on("error", () => connection.destroy());
    const dismissed = new AbortController();
    const id = String(request.headers[VISIT_ID_HEADER] ?? "");
    try {
      const path = pathOf(request);
      if (path === PORT_PATH) {
        const ask = parse(PortAskShape, decodeHeader(request, PORT_HEADER));
        return await servePort(this.#agent.machines, ask, { connection, ahead });
      }
      // An agent that knows no commands without a terminal must not take one for a shell.
      if (path !== "/terminal" && path !== "/run") {
        throw new BadRequest(404, `There is nothing at ${path}.`);
      }
      if (id === "" || this.#visits.has(id)) throw new BadRequest(400, "The visit has no id.");
      const visit = parse(VisitShape, decodeHeader(request, VISIT_HEADER));
      this.#visits.set(id, dismissed);
      const key = String(request.headers["sec-websocket-key"] ?? "");
      await this.#agent.serve({ key, connection, ahead }, visit, dismissed.signal);
    } catch (error) {
      if (!(error instanceof BadRequest)) {
        this.#log.error("a gateway's client could not be served", { error });
      }
      const status = error instanceof BadRequest ? error.status : 500;
      connection.end(
        `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    } finally {
      if (this.#visits.get(id) === dismissed) this.#visits.delete(id);
    }
  }
}

/** Without the version. */
function pathOf({ url = "", headers }: IncomingMessage): string {
  if (url.startsWith(`${ROOT}/`)) return url.slice(ROOT.length);
  const version = String(headers[VERSION_HEADER] ?? "of another version");
  throw new BadRequest(
    404,
    `This agent is ttygate ${manifest.version} and the gateway ttygate ${version}, which do not ` +
      "understand each other: install the same version of both.",
  );
}

function decodeHeader({ headers }: IncomingMessage, name: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(String(headers[name] ?? ""), { alphabet: "base64url" });
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new BadRequest(400, `The header ${name} is not what it should be.`);
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  throw new BadRequest(400, parsed.issues.map(({ message }) => message).join("; "));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  using _late = systemClock.timer(REQUEST_MS, () => request.destroy());
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new BadRequest(413, `A request has ${BODY_BYTES} bytes at most.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(await new Blob(chunks).text());
  } catch {
    throw new BadRequest(400, "The request is not JSON.");
  }
}
