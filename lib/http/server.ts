/** The only place that knows node:http: sockets in, fetch-style requests and upgrades out. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { BlockList, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  createHeaders,
  createRequestListener,
  type FetchHandler,
} from "@remix-run/node-fetch-server";
import { settlesWithin } from "../clock.ts";
import type { ListenAddress } from "../config.ts";
import { acceptSocket } from "../terminal/socket.ts";
import { Refusal, text, titleOf } from "./answers.ts";
import { type Caller, callerOf, type Door, type Peer } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { answer } from "./routes.ts";
import { admitTerminal, serveTerminal } from "./terminal.ts";
import { placeSocket } from "./unix_socket.ts";

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
/** How long a server that closes waits for its terminals to be told. */
const FAREWELL_MS = 4_000;

/** Where to listen: an address, or a socket that systemd has opened. */
export type ListenTarget = ListenAddress | { readonly transport: "fd"; readonly fd: number };

/** How a server answers. */
export interface ServerOptions {
  readonly door: Door;
  readonly gateway: Gateway;
  readonly trustedProxies: readonly string[];
  /** PEM texts; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

/** One listening socket and its connections; disposing it closes them all. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #trusted: BlockList;
  readonly #connections = new Set<Socket>();
  readonly #serving = new Set<Promise<void>>();
  /** Of its Unix socket, if it made one. */
  #path: string | null = null;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#trusted = blockListOf(options.trustedProxies);
    const limits = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
    };
    const handle: FetchHandler = async (request, { address }) => {
      const peer = { address: address || undefined, encrypted: options.tls !== null };
      return await answer(this.#callerOf(request, peer), request, options.gateway);
    };
    const listener = createRequestListener(handle, {
      host: "gateway.invalid", // what the client says of its host is a header like any other
      onError: () => text(new Refusal(400, "This is no HTTP request that can be answered.")),
    });
    const listen: RequestListener = (request, response) => {
      request.url = originForm(request.url);
      listener(request, response);
    };
    this.#server = options.tls
      ? createTlsServer({ ...limits, ...options.tls }, listen)
      : createServer(limits, listen);
    this.#server.maxConnections = CONNECTIONS;
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.setTimeout(STILL_MS, () => {
        options.gateway.log.info("a connection was cut: nothing moved on it", {
          door: options.door,
        });
        socket.destroy();
      });
      socket.on("close", () => this.#connections.delete(socket));
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

  /** Takes no more connections, lets the terminals say good-bye, closes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve()); // calls back also when it never listened
    const { clock } = this.#options.gateway;
    await settlesWithin(Promise.allSettled(this.#serving), FAREWELL_MS, clock);
    for (const socket of this.#connections) socket.destroy();
    await closed;
    if (this.#path !== null) await Deno.remove(this.#path).catch(() => {});
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
    return callerOf(request, peer, { door, basePath, trustedProxies: this.#trusted });
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    const { gateway, tls } = this.#options;
    socket.on("error", () => socket.destroy());
    socket.setTimeout(0); // a terminal may be quiet for hours; it has its own heartbeat
    try {
      const seen = {
        method: request.method ?? "GET",
        url: `http://gateway.invalid${originForm(request.url)}`,
        headers: createHeaders(request),
      };
      const peer = { address: socket.remoteAddress, encrypted: tls !== null };
      const admitted = await admitTerminal(this.#callerOf(seen, peer), gateway);
      const accepted = await acceptSocket(request, socket, head, gateway.clock);
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
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = address.includes(":") ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
