/** From a connection that was made to node:http: places, turns and TLS, for one listening socket. */
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { Refusal } from "./answers.ts";
import { type Door, type Peer, sourceOf, trusts } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { HeldBytes, Turnstile } from "./turnstile.ts";

/** How long a client may take to say something, and then for its TLS handshake. */
const HELLO_MS = 10_000;
/** How long a connection of HTTP may stand still, be it that nothing comes or that nobody reads. */
const STILL_MS = 30_000;
/** Of the source of a connection through the admin socket, whose mode is its lock. */
const NOBODY = null;

/** A certificate, or a chain of them, and its key as PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What an entrance needs. */
export interface EntranceOptions {
  readonly door: Door;
  readonly gateway: Gateway;
  /** Null for plain HTTP. */
  readonly tls: Certificate | null;
  /** Has node:http speak with a client. */
  readonly speak: (turnstile: Turnstile) => void;
}

/** One connection from its first byte to its last. */
export class Connection {
  /** "silent": it has sent no request; "asking": it has; "terminal": it is one. */
  phase: "silent" | "asking" | "terminal" = "silent";
  turnstile: Turnstile | null = null;
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
    return this.phase !== "terminal";
  }

  cut(): void {
    this.raw.destroy();
  }
}

/** The connections of one listening socket. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #connections = new Map<Socket, Connection>();
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
    return [...this.#connections.values()];
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
   * A proxy's connection asks for a client: that takes its place and its turn.
   *
   * @throws {Refusal} 503 where its address has no place any more
   */
  async speakFor(connection: Connection, source: string): Promise<void> {
    const { door, gateway: { shares, places } } = this.#options;
    if (door === "admin" || !connection.isProxy) return;
    if (!places.speak(connection, source)) {
      this.#tellCrowd(source);
      throw new Refusal(503, "There are too many connections from your address.");
    }
    if (shares.enter(source)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _turn = shares.wait(source, resolve);
    connection.raw.once("close", resolve);
    await promise;
  }

  /** The client has its answer. */
  speakForNobody(connection: Connection): void {
    const { places } = this.#options.gateway;
    if (connection.isProxy && !connection.raw.destroyed) places.speak(connection, NOBODY);
  }

  /** Lets a client in, or sends it away where its address has no place any more. */
  admit(raw: Socket): void {
    const { door, gateway: { clock, places, trustedProxies }, tls } = this.#options;
    const peer = { address: raw.remoteAddress, encrypted: tls !== null };
    const isTrusted = door === "admin" || trusts(trustedProxies, peer.address);
    const source = isTrusted ? NOBODY : sourceOf(peer.address!);
    const connection = new Connection(raw, peer, clock.now(), source);
    this.#visits++;
    raw.on("error", () => raw.destroy());
    if (door === "web" && !places.enter(connection)) {
      this.#tellCrowd(source ?? "a proxy");
      raw.destroy();
      return;
    }
    this.#connections.set(raw, connection);
    raw.on("close", () => {
      this.#connections.delete(raw);
      places.leave(connection);
    });
    raw.on("timeout", () => raw.destroy());
    raw.setTimeout(HELLO_MS);
    this.#atTurn(connection, () => {
      // Until it says something it costs as little as can be.
      raw.once("readable", () => this.#hear(connection));
    });
  }

  /** A connection costs its source a turn, and so does each handshake. */
  #atTurn({ raw, source }: Connection, work: () => void): void {
    const { shares } = this.#options.gateway;
    if (source === null || shares.enter(source)) return work();
    const turn = shares.wait(source, work);
    raw.once("close", () => turn[Symbol.dispose]());
  }

  #tellCrowd(source: string): void {
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
    const { door, gateway: { shares, clock, counted }, speak } = this.#options;
    const { raw, source } = connection;
    const turnstile = new Turnstile(socket, {
      ...{ shares, source, clock },
      held: this.#held,
      stillMs: STILL_MS,
    });
    raw.setTimeout(0).removeAllListeners("timeout");
    socket.setTimeout(STILL_MS).on("timeout", () => {
      if (turnstile.answers) {
        const log = counted.of(connection.source ?? "a proxy");
        log.info("a connection was cut: its client does not read", { door });
      }
      raw.destroy();
    });
    connection.turnstile = turnstile;
    this.#byTurnstile.set(turnstile, connection);
    turnstile.on("error", () => {});
    speak(turnstile);
  }
}
