/** The least that takes calls of nodes: an HTTP server that hands every upgrade to the links. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock } from "../../lib/clock.ts";
import { createLog } from "../../lib/log.ts";
import { CallRefused, Links } from "../../lib/nodes/links.ts";
import { newKey } from "../../lib/nodes/keys.ts";
import { Roster } from "../../lib/nodes/roster.ts";

/** Disposing it cuts every node off. */
export class Switchboard implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly log = createLog((line) => this.lines.push(line), {
    prefix: false,
    clock: () => new Date(),
  });
  readonly links: Links;
  readonly #server = createServer();
  readonly #connections = new Set<Duplex>();
  url = "";

  private constructor(readonly home: string, readonly roster: Roster) {
    this.links = new Links({ roster, clock: systemClock, log: this.log });
  }

  static async start(): Promise<Switchboard> {
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const board = new Switchboard(home, await Roster.open(home));
    const server = board.#server;
    server.on("upgrade", async (request, connection: Duplex, ahead) => {
      board.#connections.add(connection);
      connection.on("error", () => connection.destroy());
      const headers = new Headers(request.headers as Record<string, string>);
      try {
        const call = { headers, connection, ahead, remote: "192.0.2.9" };
        await board.links.accept(String(request.headers.upgrade), call);
      } catch (error) {
        if (!(error instanceof CallRefused)) throw error;
        const head = `HTTP/1.1 ${error.status} Refused\r\nConnection: close\r\n\r\n`;
        connection.end(head + error.message);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    board.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return board;
  }

  /** A node that has joined. @returns what it keeps */
  async join(name: string) {
    const { privateKey, publicKey } = await newKey();
    const now = Date.now();
    const { token } = await this.roster.invite(name, now);
    const { id } = await this.roster.join(token, publicKey, now);
    const gatewayKey = this.roster.key.publicKey;
    return { format: 1, url: this.url, id, name, privateKey, gatewayKey, ca: "" } as const;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.links[Symbol.dispose]();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.destroy();
    await closed;
    await Deno.remove(this.home, { recursive: true });
  }
}
