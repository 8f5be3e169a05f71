/** The only place that knows node:http: sockets in, fetch-style requests and upgrades out. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  createHeaders,
  createRequestListener,
  type FetchHandler,
} from "@remix-run/node-fetch-server";
import { sleep } from "../clock.ts";
import type { ListenAddress } from "../config.ts";
import { acceptSocket } from "../terminal/socket.ts";
import { Refusal, text, titleOf } from "./answers.ts";
import { type Caller, callerOf, type Door, type Peer } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { answer } from "./routes.ts";
import { serveTerminal } from "./terminal.ts";
import { placeSocket } from "./unix_socket.ts";
import { admitTerminal } from "./upgrade.ts";

/** The web's Unix socket is for any reverse proxy, the admin's for its owner only. */
const SOCKET_MODE: Readonly<Record<Door, number>> = { web: 0o666, admin: 0o600 };

/** How long a client may take for the head of its request, and for all of it. */
const HEAD_MS = 10_000;
const REQUEST_MS = 15_000;
/** How long a connection of HTTP may stand still, be it that nothing comes or that nobody reads. */
const STILL_MS = 30_000;
/** How often that is looked after. */
const CHECK_MS = 2_000;
const HEADER_BYTES = 16 * 1024;
/**
 * The most connections of one socket. A process that may open no more files never accepts again
 * (Deno 2.9), so this and what terminals need must stay below that limit: systemd's is 524288.
 */
const CONNECTIONS = 4096;
/** How long a server that closes waits for answers to be sent and terminals to be told. */
const FAREWELL_MS = 4_000;
/** A connection this young may have its first request under way. */
const FIRST_REQUEST_MS = 1_000;
const FAREWELL_POLL_MS = 10;
/** How long a client that was refused may take to close its side. */
const REFUSED_MS = 1_000;

/** Where to listen: an address, or a socket that systemd has opened. */
export type ListenTarget = ListenAddress | { readonly transport: "fd"; readonly fd: number };

/** A certificate, or a chain of them, and its key as PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** How a server answers. */
export interface ServerOptions {
  readonly door: Door;
  readonly gateway: Gateway;
  /** Null for plain HTTP. */
  readonly tls: Certificate | null;
}

/** A connection's life so far. */
interface Connection {
  readonly sinceMs: number;
  /** Whether it has sent a request; one that only has a handshake behind it has not. */
  asked: boolean;
}

/** One listening socket and its connections; disposing it closes them all. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #connections = new Map<Socket, Connection>();
  readonly #answering = new Set<ServerResponse>();
  readonly #serving = new Set<Promise<void>>();
  #phase: "open" | "closing" = "open";
  #closed = Promise.withResolvers<void>();
  #visits = 0;
  /** Of its Unix socket, if it made one. */
  #path: string | null = null;

  private constructor(options: ServerOptions) {
    this.#options = options;
    const encrypted = options.tls !== null;
    const limits = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
    };
    const handle: FetchHandler = async (request, { address }) => {
      const peer = { address: address || undefined, encrypted, gone: request.signal };
      return await answer(this.#callerOf(request, peer), request, options.gateway);
    };
    const listener = createRequestListener(handle, {
      host: "gateway.invalid", // what the client says of its host is a header like any other
      onError: () => text(new Refusal(400, "This is no HTTP request that can be answered.")),
    });
    const listen: RequestListener = (request, response) => {
      request.url = originForm(request.url);
      this.#follow(request, response);
      listener(request, response);
    };
    this.#server = options.tls
      ? createTlsServer({ ...limits, ...options.tls }, listen)
      : createServer(limits, listen);
    this.#server.maxConnections = CONNECTIONS;
    this.#server.on("secureConnection", (socket: Socket) => this.#welcome(socket));
    this.#server.on("connection", (socket: Socket) => {
      this.#visits++;
      this.#welcome(socket);
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const serving = this.#upgrade(request, socket as Socket, head);
      this.#serving.add(serving);
      serving.finally(() => this.#serving.delete(serving));
    });
    this.#server.on("clientError", (_error, socket: Duplex) => socket.destroy());
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
      case "unix":
        await placeSocket(target.path, SOCKET_MODE[options.door], (path) => http.#listen({ path }));
        http.#path = target.path;
        break;
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
    return { total: this.#visits, live: this.#connections.size > 0 };
  }

  /** Shows another certificate to those who connect from now on; only with TLS. */
  renew(certificate: Certificate): void {
    (this.#server as TlsServer).setSecureContext(certificate);
  }

  /**
   * Takes no more connections. One that the kernel has taken meanwhile waits for whoever listens on
   * the same socket next; those that are open get their answers, and each is the last.
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
    for (const socket of this.#connections.keys()) socket.destroy();
    await this.#closed.promise;
    if (this.#path !== null) await Deno.remove(this.#path).catch(() => {});
  }

  /** Whether somebody waits for an answer, or may be about to ask. */
  #isOwed(): boolean {
    const { clock } = this.#options.gateway;
    const youngestMs = clock.now() - FIRST_REQUEST_MS;
    return this.#serving.size > 0 || this.#answering.size > 0 ||
      this.#connections.values().some(({ sinceMs, asked }) => asked || sinceMs > youngestMs);
  }

  #welcome(socket: Socket): void {
    const { clock } = this.#options.gateway;
    this.#connections.set(socket, { sinceMs: clock.now(), asked: false });
    socket.on("close", () => this.#connections.delete(socket));
    socket.setTimeout(STILL_MS);
    // Before node:http, which ends it without a word.
    socket.prependListener("timeout", () => {
      const { gateway: { log }, door } = this.#options;
      const waits = this.#answering.values().some((response) => response.socket === socket);
      if (waits) log.info("a connection was cut: its client does not read", { door });
      socket.destroy();
    });
  }

  #follow({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(socket as Socket);
    if (connection) connection.asked = true;
    socket.setTimeout(STILL_MS); // after an answer node:http sets another time, and then none
    this.#answering.add(response);
    if (this.#phase === "closing") sayLast(response);
    response.on("close", () => {
      this.#answering.delete(response);
      // It may have promised to stay before the server began to close.
      if (this.#phase === "closing") socket.end();
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
    this.#server.listen(where, resolve);
    return promise;
  }

  #callerOf(request: { method: string; url: string; headers: Headers }, peer: Peer): Caller {
    const { door, gateway } = this.#options;
    const basePath = door === "admin" ? "/" : gateway.basePath;
    return callerOf(request, peer, { door, basePath, trustedProxies: gateway.trustedProxies });
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    const { gateway, tls } = this.#options;
    socket.on("error", () => socket.destroy());
    const gone = new AbortController();
    socket.on("close", () => gone.abort(new Error("the client is gone")));
    try {
      const seen = {
        method: request.method ?? "GET",
        url: `http://gateway.invalid${originForm(request.url)}`,
        headers: createHeaders(request),
      };
      const peer = { address: socket.remoteAddress, encrypted: !!tls, gone: gone.signal };
      const admitted = await admitTerminal(this.#callerOf(seen, peer), gateway);
      const accepted = acceptSocket(request, socket, head, { ...gateway, ...admitted });
      socket.setTimeout(0); // a terminal may be quiet for hours; it has its own heartbeat
      await serveTerminal(accepted, admitted, gateway);
    } catch (error) {
      if (!(error instanceof Refusal) && !socket.destroyed) {
        gateway.log.error("an upgrade failed", { error });
      }
      const refusal = error instanceof Refusal
        ? error
        : new Refusal(500, "The gateway could not answer. Its log says why.");
      await refuse(socket, text(refusal));
    }
  }
}

/** Tells the client not to ask again on the same connection (RFC 9112, section 9.6). */
function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** The path of a request's target; some clients send it with scheme and host (RFC 9112, 3.2.2). */
function originForm(target = "/"): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/^(?!\/)/, "/");
}

/** Answers an upgrade request with a plain response and closes the connection. */
async function refuse(socket: Socket, response: Response): Promise<void> {
  if (socket.destroyed) return;
  const body = await response.text();
  response.headers.set("content-length", String(new TextEncoder().encode(body).length));
  response.headers.set("connection", "close");
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${response.status} ${titleOf(response.status)}\r\n${head}\r\n${body}`);
  // Whatever the client still says; it may also keep its side open and say nothing.
  socket.resume();
  socket.setTimeout(REFUSED_MS);
}
