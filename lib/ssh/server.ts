/** SSH: a listening socket, and its connections within bounds from the first byte to the last. */
import ssh2, { type Connection, type Server as Protocol } from "ssh2";
import { createServer, type Server, type Socket } from "node:net";
import { settlesWithin } from "../clock.ts";
import type { Door, Visitor } from "./door.ts";
import { UNIT_BYTES } from "./channel.ts";
import { Client, FAREWELL_MS } from "./client.ts";
import { refuseForward, serveForward } from "./forward.ts";
import type { HostKey } from "./host_key.ts";
import { Login } from "./login.ts";
import { serveChannel } from "./shell.ts";

/** How long a client may take to log in, from its connection on. */
const LOGIN_MS = 60_000;
/** How many channels a connection may have at a time, as sshd_config(5) has it. */
const CHANNELS = 10;
/** How many of its ports' connections may be there at a time. */
const FORWARDS = 64;
/** A client for which this much waits reads nothing and asks on: it is cut. */
const MOST_UNSENT_BYTES = 4 * 1024 * 1024, STRANGER_UNSENT_BYTES = 64 * 1024;
/** What a client may send before it has logged in: more than all tries need. */
const STRANGER_BYTES = 256 * 1024;
/** What an exchange of keys takes of a user's allowance. */
const EXCHANGE_UNITS = 1000;
const BACKLOG = 1024;

/**
 * Those of which each is quick for the server: a Diffie-Hellman group of 8192 bits would hold the
 * thread up for everybody. Nothing is compressed, so that little never becomes much.
 */
const ALGORITHMS = {
  kex: [
    ...["curve25519-sha256", "curve25519-sha256@libssh.org"],
    ...["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"],
  ],
  cipher: [
    ...["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"],
    ...["aes128-ctr", "aes192-ctr", "aes256-ctr"],
  ],
  hmac: [
    ...["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
    ...["hmac-sha2-256", "hmac-sha2-512"],
  ],
  compress: ["none"],
} as const;

/** Where to listen: an address, or a socket that systemd has opened. */
export type SshTarget =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "fd"; readonly fd: number };

/** One listening socket and its connections; disposing it closes them all. */
export class SshServer implements AsyncDisposable {
  readonly #door: Door;
  readonly #server: Server;
  readonly #protocol: Protocol;
  readonly #clients = new Set<Client>();
  /** By where they come from, which is all that ssh2 tells of a connection. */
  readonly #byOrigin = new Map<string, Client>();
  #phase: "open" | "closing" = "open";
  #visits = 0;
  readonly #closed = Promise.withResolvers<void>();

  private constructor(door: Door, hostKey: HostKey) {
    this.#door = door;
    const config = {
      hostKeys: [hostKey.text],
      ident: "ttygate",
      algorithms: ALGORITHMS,
      get banner() {
        return door.banner === "" ? undefined : `${door.banner}\r\n`;
      },
    };
    this.#protocol = new ssh2.Server(config, (connection, from) => {
      const client = this.#byOrigin.get(originOf(from.ip, from.port));
      if (client) this.#greet(connection, client);
      else connection.end();
    });
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (raw) => this.#admit(raw));
  }

  /** Starts listening. @throws an error with a `code` such as "EADDRINUSE" when it cannot */
  static async listen(target: SshTarget, door: Door, hostKey: HostKey): Promise<SshServer> {
    const ssh = new SshServer(door, hostKey);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    ssh.#server.on("error", (error) => {
      reject(error);
      if (ssh.#server.listening) door.log.error("a listening socket failed", { error });
    });
    const where = target.transport === "fd"
      ? { fd: target.fd }
      : { host: target.hostname, port: target.port };
    ssh.#server.listen({ ...where, backlog: BACKLOG }, resolve);
    await promise;
    return ssh;
  }

  /** The address it listens on. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") return address ?? "an inherited socket";
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `${host}:${address.port}`;
  }

  /** How many connections there were, and whether any are left. */
  get visits(): { readonly total: number; readonly live: boolean } {
    return { total: this.#visits, live: this.#clients.size > 0 };
  }

  /** Takes no more connections. */
  stopAccepting(): void {
    if (this.#phase === "closing") return;
    this.#phase = "closing";
    this.#server.close(() => this.#closed.resolve());
    for (const client of this.#clients) if (client.channels.size === 0) client.cut();
  }

  /** Takes no more connections, lets the channels say good-bye, closes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    const channels = [...this.#clients].flatMap((client) => [...client.channels]);
    await settlesWithin(Promise.all(channels), FAREWELL_MS, this.#door.clock);
    for (const client of this.#clients) client.cut();
    await this.#closed.promise;
  }

  /** Lets a client in, or sends it away where its address has no place any more. */
  #admit(raw: Socket): void {
    const { clock, places, strangers, counted } = this.#door;
    raw.on("error", () => raw.destroy());
    const { remoteAddress } = raw;
    if (remoteAddress === undefined || this.#phase === "closing") return void raw.destroy();
    this.#visits++;
    const remote = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "");
    const client = new Client(raw, { remote, source: this.#door.sourceOf(remote) });
    if (!places.enter(client) || !strangers.enter(client)) {
      places.leave(client);
      const fields = { event: "connection-refused", remote } as const;
      const log = counted.of(client.source);
      log.warning("a connection was refused: its address has its share of them", fields);
      raw.destroy();
      return;
    }
    this.#clients.add(client);
    const late = clock.timer(LOGIN_MS, () => {
      if (client.allowance === null) raw.destroy();
    });
    raw.on("close", () => {
      late[Symbol.dispose]();
      this.#clients.delete(client);
      places.leave(client);
      strangers.leave(client);
      client.leave();
    });
    const turn = this.#door.turn(client.source, () => this.#speak(client));
    if (turn === null) raw.destroy();
    else raw.once("close", () => turn[Symbol.dispose]());
  }

  #speak(client: Client): void {
    const { raw } = client;
    if (raw.destroyed) return;
    const origin = originOf(raw.remoteAddress, raw.remotePort);
    this.#byOrigin.set(origin, client);
    raw.once("close", () => this.#byOrigin.delete(origin));
    raw.on("data", ({ length }) => this.#pace(client, length));
    this.#protocol.injectSocket(raw);
  }

  /** All that comes takes the thread's time, whatever it is: keys, packets to be ignored, noise. */
  #pace(client: Client, bytes: number): void {
    const { raw, allowance } = client;
    client.receivedBytes += bytes;
    const isStranger = allowance === null;
    const unsent = isStranger ? STRANGER_UNSENT_BYTES : MOST_UNSENT_BYTES;
    const isOver = isStranger && client.receivedBytes > STRANGER_BYTES;
    if (isOver || raw.writableLength > unsent) return void raw.destroy();
    const waitMs = allowance?.spend(bytes / UNIT_BYTES) ?? 0;
    if (waitMs === 0) return;
    raw.pause();
    const timer = this.#door.clock.timer(waitMs, () => {
      raw.off("close", stop);
      raw.resume();
    });
    const stop = () => timer[Symbol.dispose]();
    raw.once("close", stop);
  }

  /** It has said that it speaks SSH. */
  #greet(connection: Connection, client: Client): void {
    const { raw, peer } = client;
    const { counted } = this.#door;
    // From here on ssh2 throws where something is sent, at once or from a timer of its own.
    const over = () => client.leave();
    connection.on("end", over).on("close", over);
    connection.on("error", (error) => {
      const wasKnown = client.phase === "known";
      over();
      raw.destroy();
      if (!wasKnown) return;
      counted.of(peer.source).info("a connection of SSH failed", { remote: peer.remote, error });
    });
    connection.on("rekey", () => {
      if (client.allowance === null) raw.destroy();
      else client.allowance.spend(EXCHANGE_UNITS);
    });
    const login = new Login(this.#door, peer, client.gone.signal);
    connection.on("authentication", async (context) => {
      try {
        const visitor = await login.answer(context);
        if (visitor === "too often") connection.end();
        else if (visitor !== null) {
          this.#welcome(client, connection, visitor);
          context.accept();
        }
      } catch (error) {
        if (client.gone.signal.aborted) return;
        counted.of(peer.source).error("a log-in by SSH failed", { error });
        raw.destroy();
      }
    });
  }

  #welcome(client: Client, connection: Connection, visitor: Visitor): void {
    const { raw, gone: { signal: gone } } = client;
    client.phase = "known";
    const door = this.#door;
    const allowance = client.allowance = door.allowanceOf(visitor.user);
    door.strangers.leave(client);
    const account = door.follow(visitor.user);
    gone.addEventListener("abort", () => account[Symbol.dispose]());
    const dismissed = client.dismissed.signal;
    for (const ended of [visitor.ended, account.changed]) {
      ended?.addEventListener("abort", () => client.dismiss(door.clock), { signal: gone });
      if (ended?.aborted) client.dismiss(door.clock);
    }
    const isOver = () => dismissed.aborted || this.#phase === "closing";
    connection.on("session", (accept, reject) => {
      if (client.channels.size >= CHANNELS || isOver()) return reject();
      const serving = serveChannel(accept(), { door, visitor, allowance, raw, gone, dismissed });
      client.channels.add(serving);
      void serving.finally(() => {
        client.channels.delete(serving);
        if (dismissed.aborted && client.channels.size === 0) client.cut();
      });
    });
    connection.on("tcpip", (accept, reject, info) => {
      const asked = { accept, reject, info };
      if (isOver()) return refuseForward(connection, asked, "Your log-in has ended.");
      if (client.forwards.size >= FORWARDS) {
        return refuseForward(connection, asked, `${FORWARDS} connections are there already.`);
      }
      const serving = serveForward(asked, { door: this.#door, visitor, connection, raw, gone });
      client.forwards.add(serving);
      void serving.finally(() => client.forwards.delete(serving));
    });
  }
}

function originOf(address: string | undefined, port: number | undefined): string {
  return `${address} ${port}`;
}
