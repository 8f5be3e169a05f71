/** From a connection that was made to node:http: places, turns and TLS, for one listening socket. */
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { Refusal } from "./answers.ts";
import { type Listener, type Peer, peerOf, sourceOf, trusts } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { HeldBytes, Turnstile } from "./turnstile.ts";

/** How long a client may take from its connection to its first words, TLS included. */
export const HELLO_MS = 10_000;
/** How long a connection of HTTP may stand still: nothing comes, or nobody reads. */
const STILL_MS = 30_000;
/**
 * What a connection costs, and its TLS handshake: less of the thread's time than of memory, which
 * comes back late where very many come and go.
 */
const CONNECTION_TURNS = 12;
/** How many connections of one source may wait for their turns: as many as it has in 3 s. */
const MOST_WAITING = 200;
/** The source of a proxy's connection while it speaks for no client, and of the admin's. */
const NOBODY = null;

/** A certificate, or a chain of them, and its key as PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What an entrance needs. */
export interface EntranceOptions {
  readonly listener: Listener;
  readonly gateway: Pick<
    Gateway,
    "clock" | "counted" | "places" | "fairQueue" | "trustedProxies"
  >;
  /** Null for plain HTTP. */
  readonly tls: Certificate | null;
  /** Has node:http speak with a client. */
  readonly speak: (turnstile: Turnstile) => void;
}

/** One connection from its first byte to its last. */
export class Connection {
  /** "silent": it has sent no request; "asking": it has; "terminal" and "node": it is one of those. */
  phase: "silent" | "asking" | "terminal" | "node" = "silent";
  /** Cuts it if its first words do not come. */
  hello: Disposable | null = null;
  /** Whether it speaks for others. */
  readonly isProxy: boolean;

  constructor(
    readonly raw: Socket,
    readonly peer: Peer,
    readonly sinceMs: number,
    /** Whose place it takes; null for a proxy's while it speaks for nobody. */
    public source: string | null,
  ) {
    this.isProxy = source === null;
  }

  get yields(): boolean {
    return this.phase === "silent" || this.phase === "asking";
  }

  cut(): void {
    this.raw.destroy();
  }
}

/** The connections of one listening socket. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #connections = new Set<Connection>();
  readonly #byTurnstile = new WeakMap<Turnstile, Connection>();
  readonly #held = new HeldBytes();
  #context: SecureContext | null;
  #visits = 0;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#context = options.tls && createSecureContext({ ...options.tls });
  }

  /** How many there were. */
  get visits(): number {
    return this.#visits;
  }

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  /** The connection on which node:http has heard something. */
  of(turnstile: Turnstile): Connection {
    return this.#byTurnstile.get(turnstile)!;
  }

  /** Shows another certificate to those who connect from now on; only with TLS. */
  renew(certificate: Certificate): void {
    this.#context = createSecureContext({ ...certificate });
  }

  /**
   * A proxy's connection asks for a client: that pays with its place and its turn.
   *
   * @throws {Refusal} 503 where its address has no place any more
   */
  async assignClient(connection: Connection, source: string): Promise<void> {
    const { listener, gateway: { fairQueue, places } } = this.#options;
    if (listener === "admin" || !connection.isProxy) return;
    if (!places.speak(connection, source)) {
      this.#logRefused(source);
      throw new Refusal(503, "There are too many connections from your address.");
    }
    if (fairQueue.enter(source)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _turn = fairQueue.wait(source, resolve);
    // A proxy's connection has many requests.
    connection.raw.once("close", resolve);
    await promise;
    connection.raw.off("close", resolve);
  }

  /** The client has its answer. */
  releaseClient(connection: Connection): void {
    const { places } = this.#options.gateway;
    if (connection.isProxy && !connection.raw.destroyed) places.speak(connection, NOBODY);
  }

  /** Lets a client in, or sends it away where its address has no place any more. */
  admit(raw: Socket, transport: "tcp" | "unix"): void {
    const { listener, gateway: { clock, places, trustedProxies }, tls } = this.#options;
    const peer = peerOf(transport, raw.remoteAddress, tls !== null);
    raw.on("error", () => raw.destroy());
    if (peer === null) return void raw.destroy();
    const isTrusted = peer.address === null || listener === "admin" || trusts(trustedProxies, peer);
    const source = isTrusted ? NOBODY : sourceOf(peer.address);
    const connection = new Connection(raw, peer, clock.now(), source);
    this.#visits++;
    if (listener === "web" && !places.enter(connection)) {
      this.#logRefused(source ?? "a proxy");
      raw.destroy();
      return;
    }
    this.#connections.add(connection);
    connection.hello = clock.timer(HELLO_MS, () => raw.destroy());
    raw.on("close", () => {
      this.#connections.delete(connection);
      places.leave(connection);
      connection.hello?.[Symbol.dispose]();
    });
    this.#atTurn(connection, () => {
      // Until it says something it costs as little as can be.
      raw.once("readable", () => this.#hear(connection));
    });
  }

  /** A connection costs its source some turns, and so does each handshake. */
  #atTurn({ raw, source }: Connection, work: () => void): void {
    const { fairQueue } = this.#options.gateway;
    if (source === null || fairQueue.enter(source, CONNECTION_TURNS)) return work();
    if (fairQueue.waiting(source) >= MOST_WAITING) {
      this.#logRefused(source);
      raw.destroy();
      return;
    }
    const turn = fairQueue.wait(source, work, CONNECTION_TURNS);
    raw.once("close", () => turn[Symbol.dispose]());
  }

  #logRefused(source: string): void {
    const { counted } = this.#options.gateway;
    counted.of(source).warning("a connection was refused: its address has its share of them", {
      event: "connection-refused",
      remote: source,
    });
  }

  #hear(connection: Connection): void {
    const { raw } = connection;
    if (raw.destroyed) return;
    if (this.#context === null) this.#speak(connection, raw);
    else this.#atTurn(connection, () => this.#shakeHands(connection));
  }

  #shakeHands(connection: Connection): void {
    const { raw } = connection;
    const options = { isServer: true, secureContext: this.#context!, ALPNProtocols: ["http/1.1"] };
    const socket = new TLSSocket(raw, options);
    socket.on("error", () => raw.destroy());
    socket.once("secure", () => this.#speak(connection, socket));
  }

  #speak(connection: Connection, socket: Socket): void {
    const { listener, gateway: { fairQueue, clock, counted }, speak } = this.#options;
    const { raw, source } = connection;
    const turnstile = new Turnstile(socket, {
      ...{ fairQueue, source, clock },
      held: this.#held,
      stillMs: STILL_MS,
    });
    connection.hello?.[Symbol.dispose]();
    socket.setTimeout(STILL_MS).on("timeout", () => {
      if (turnstile.answers) {
        const log = counted.of(connection.source ?? "a proxy");
        log.info("a connection was cut: its client does not read", { listener });
      }
      raw.destroy();
    });
    this.#byTurnstile.set(turnstile, connection);
    turnstile.on("error", () => {});
    speak(turnstile);
  }
}
