/** The only place that knows node:http: sockets in, fetch-style requests and upgrades out. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { createHeaders, sendResponse } from "@remix-run/node-fetch-server";
import { sleep } from "../clock.ts";
import { AgentAwayError } from "../agent/agent.ts";
import type { ListenAddress } from "../config.ts";
import { away, failed, Refusal, text } from "./answers.ts";
import { type Caller, callerOf, type Listener } from "./caller.ts";
import { type Certificate, type Connection, Entrance } from "./entrance.ts";
import type { Gateway } from "./gateway.ts";
import { answer } from "./routes.ts";
import type { Turnstile } from "./turnstile.ts";
import { placeSocket } from "./unix_socket.ts";
import { serveUpgrade } from "./upgrades.ts";
import {
  HEADER_BYTES,
  hostOf,
  isUpgrade,
  misunderstood,
  pathOf,
  refuse,
  requestOf,
  say,
  sayLast,
} from "./wire.ts";

/** The web's Unix socket is for a reverse proxy in its group, the admin's for its owner only. */
const SOCKET_MODE: Readonly<Record<Listener, number>> = { web: 0o660, admin: 0o600 };

/** How long a client may take for the head of its request. */
const HEAD_MS = 10_000;
/** How often that is looked after. */
const CHECK_MS = 2_000;
/** Connections that wait to be accepted; the kernel has its own bound (net.core.somaxconn). */
const BACKLOG = 4096;
/** How long a server that closes waits for answers to be sent and terminals to be told. */
const FAREWELL_MS = 4_000;
/** A connection this young may have its first request under way. */
const FIRST_REQUEST_MS = 1_000;
const FAREWELL_POLL_MS = 10;

/** Where to listen: an address, or a socket that systemd has opened. */
export type ListenTarget = ListenAddress | { readonly transport: "fd"; readonly fd: number };

/** How a server answers. */
export interface ServerOptions {
  readonly listener: Listener;
  readonly gateway: Gateway;
  /** Null for plain HTTP. */
  readonly tls: Certificate | null;
}

/** One listening socket and its connections; disposing it closes them all. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #entrance: Entrance;
  readonly #answering = new Set<ServerResponse>();
  readonly #serving = new Set<Promise<void>>();
  #phase: "open" | "closing" = "open";
  /** Known when it listens; on a Unix socket every client is a trusted proxy. */
  #transport: "tcp" | "unix" = "tcp";
  #closed = Promise.withResolvers<void>();
  /** Of its Unix socket, if it made one. */
  #path: string | null = null;

  private constructor(options: ServerOptions) {
    this.#options = options;
    const listen: RequestListener = (request, response) => void this.#serve(request, response);
    const settings = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: 0, // a file takes as long as it takes; every other body is read in time
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
      requireHostHeader: false, // the routes say what is wrong with it
      shouldUpgradeCallback: isUpgrade,
    };
    const server = this.#server = createServer(settings, listen);
    // What node:http does with a connection comes after the entrance.
    Object.assign(server, { pauseOnConnect: true }); // an option of node:net that node:http passes over
    const [speak] = server.listeners("connection");
    server.removeAllListeners("connection");
    this.#entrance = new Entrance({
      ...options,
      speak: (turnstile) => speak!.call(server, turnstile as unknown as Socket),
    });
    server.on("connection", (socket: Socket) => this.#entrance.admit(socket, this.#transport));
    server.on("checkExpectation", listen);
    server.on("upgrade", (request, turnstile) => {
      const serving = this.#upgrade(request, turnstile as unknown as Turnstile);
      this.#serving.add(serving);
      serving.finally(() => this.#serving.delete(serving));
    });
    server.on(
      "connect",
      (_request, turnstile) => say(turnstile, new Refusal(400, "This is no proxy.")),
    );
    server.on("clientError", (error, turnstile) => say(turnstile, misunderstood(error)));
  }
  /**
   * Starts listening.
   *
   * @throws {SocketBusyError} when a live process listens on that Unix socket
   * @throws an error with a `code` such as "EADDRINUSE" when the target cannot be had
   */
  static async listen(target: ListenTarget, options: ServerOptions): Promise<HttpServer> {
    const http = new HttpServer(options);
    await using made = new AsyncDisposableStack();
    made.use(http);
    switch (target.transport) {
      case "tcp":
        await http.#listen({ host: target.hostname, port: target.port });
        break;
      case "unix": {
        const mode = SOCKET_MODE[options.listener];
        await placeSocket(target.path, mode, (path) => http.#listen({ path }));
        http.#path = target.path;
        break;
      }
      case "fd":
        await http.#listen({ fd: target.fd });
        break;
    }
    made.move();
    return http;
  }

  /** The address it listens on: "127.0.0.1:8080", "[::1]:8080" or a path. */
  get address(): string {
    const address = this.#server.address();
    if (this.#path !== null) return this.#path;
    if (address === null || typeof address === "string") return address ?? "an inherited socket";
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `${host}:${address.port}`;
  }

  /** How many connections there were, and whether any are left. */
  get visits(): { readonly total: number; readonly live: boolean } {
    return { total: this.#entrance.visits, live: this.#entrance.connections.length > 0 };
  }

  /** Shows another certificate to those who connect from now on; only with TLS. */
  renew(certificate: Certificate): void {
    this.#entrance.renew(certificate);
  }

  /**
   * Takes no more connections. One that the kernel has taken meanwhile waits for the next
   * process that listens on the same socket; those that are open get their answers, and each is the last.
   */
  stopAccepting(): void {
    if (this.#phase === "closing") return;
    this.#phase = "closing";
    this.#server.close(() => this.#closed.resolve()); // calls back also when it never listened
    for (const response of this.#answering) sayLast(response);
  }

  /** Takes no more connections, answers, lets the terminals say good-bye, closes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    const { clock } = this.#options.gateway;
    const giveUpAtMs = clock.now() + FAREWELL_MS;
    while (this.#isOwed() && clock.now() < giveUpAtMs) await sleep(FAREWELL_POLL_MS, clock);
    for (const connection of this.#entrance.connections) connection.cut();
    await this.#closed.promise;
    if (this.#path !== null) await Deno.remove(this.#path).catch(() => {});
  }

  /** Whether somebody waits for an answer, or may be about to ask. */
  #isOwed(): boolean {
    const { clock } = this.#options.gateway;
    const youngestMs = clock.now() - FIRST_REQUEST_MS;
    return this.#serving.size > 0 || this.#answering.size > 0 ||
      this.#entrance.connections.some(({ sinceMs, phase }) =>
        phase === "silent" ? sinceMs > youngestMs : phase !== "node" // which calls again
      );
  }

  /** Answers one request: its connection lets the next one through when the answer has left. */
  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { gateway } = this.#options;
    const turnstile = message.socket as unknown as Turnstile;
    const connection = this.#entrance.of(turnstile);
    // First of all: the turnstile lets the next request through when this one's answer has left.
    response.once("close", () => this.#entrance.releaseClient(connection));
    turnstile.occupy(message, response);
    this.#follow(turnstile, connection, response);
    let reply: Response;
    try {
      const host = hostOf(message);
      message.url = pathOf(message.url);
      const request = requestOf(message, response);
      const { headers, signal: gone } = request;
      const letBody = () => turnstile.letBody();
      const caller = this.#callerOf(message, { host, headers, gone, letBody }, connection);
      await this.#entrance.assignClient(connection, caller.source);
      if (response.destroyed) return;
      reply = await answer(caller, request, gateway);
    } catch (error) {
      if (response.destroyed) return;
      reply = text(this.#refusalOf(error, "a request failed", connection));
    }
    if (response.destroyed || turnstile.writableEnded) return;
    // Nobody reads the rest: the client could take all its time to send it.
    if (!message.complete) reply.headers.set("connection", "close");
    await sendResponse(response, reply).catch(() => turnstile.destroy());
  }

  #follow(turnstile: Turnstile, connection: Connection, response: ServerResponse): void {
    connection.phase = "asking";
    turnstile.setTimeout(0); // after an answer node:http sets another time
    this.#answering.add(response);
    if (this.#phase === "closing") sayLast(response);
    response.on("close", () => {
      this.#answering.delete(response);
      // It may have promised to stay before the server began to close.
      if (this.#phase === "closing") turnstile.end();
    });
  }

  #listen(
    where: { host: string; port: number } | { path: string } | { fd: number },
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { log } = this.#options.gateway;
    // A promise that has settled takes no notice of what comes later; the log does.
    this.#server.on("error", (error) => {
      reject(error);
      if (this.#server.listening) log.error("a listening socket failed", { error });
    });
    this.#server.listen({ ...where, backlog: BACKLOG }, () => {
      const address = this.#server.address();
      const isTcp = address !== null && typeof address === "object";
      this.#transport = isTcp ? "tcp" : "unix";
      resolve();
    });
    return promise;
  }

  #callerOf(
    { method = "GET", url = "/" }: IncomingMessage,
    { gone, letBody, ...seen }: {
      readonly host: string | null;
      readonly headers: Headers;
      readonly gone: AbortSignal;
      readonly letBody?: () => void;
    },
    { peer }: Connection,
  ): Caller {
    const { listener, gateway: { basePath, trustedProxies } } = this.#options;
    const rules = { listener, basePath: listener === "admin" ? "/" : basePath, trustedProxies };
    return callerOf(
      { ...seen, method, url: `http://gateway.invalid${url}` },
      { ...peer, gone, ...(letBody && { letBody }) },
      rules,
    );
  }

  async #upgrade(message: IncomingMessage, turnstile: Turnstile): Promise<void> {
    const { gateway } = this.#options;
    const connection = this.#entrance.of(turnstile);
    const { socket, ahead } = turnstile.release();
    connection.phase = "asking";
    socket.on("error", () => socket.destroy());
    const gone = new AbortController();
    socket.on("close", () => gone.abort(new Error("the client is gone")));
    try {
      const host = hostOf(message);
      message.url = pathOf(message.url);
      const seen = { host, headers: createHeaders(message), gone: gone.signal };
      const caller = this.#callerOf(message, seen, connection);
      await this.#entrance.assignClient(connection, caller.source);
      const key = String(message.headers["sec-websocket-key"]);
      await serveUpgrade(caller, { key, connection: socket, ahead }, gateway, (as) => {
        connection.phase = as;
        socket.setTimeout(0);
      });
    } catch (error) {
      if (socket.destroyed) return;
      await refuse(socket, text(this.#refusalOf(error, "an upgrade failed", connection)));
    }
  }

  /** What the client is told of an error; the log is told of what is no refusal. */
  #refusalOf(error: unknown, what: string, { source }: Connection): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof AgentAwayError) return away();
    this.#options.gateway.counted.of(source ?? "a proxy").error(what, { error });
    return failed();
  }
}
