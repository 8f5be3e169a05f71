/** The least gateway: lets everybody in, as whom they say, and asks an agent for their terminals. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { GuestRole } from "../../lib/types.ts";
import { type Agent, AgentAwayError, type Dismissal } from "../../lib/agent/agent.ts";

/** Serves on a port of its own; disposing it cuts its clients off. */
export class Front implements AsyncDisposable {
  /** Those that are served, by user. */
  readonly #visits = new Map<string, AbortController>();
  readonly #connections = new Set<Duplex>();
  readonly #server = createServer();
  origin = "";

  static async start(agent: Agent): Promise<Front> {
    const front = new Front();
    const server = front.#server;
    server.on("upgrade", async (request, connection, ahead) => {
      connection.on("error", () => connection.destroy());
      front.#connections.add(connection);
      const query = new URL(request.url!, "http://front.invalid").searchParams;
      const session = query.get("session");
      const user = query.get("user") ?? "alice";
      const dismissed = new AbortController();
      front.#visits.set(user, dismissed);
      try {
        await agent.serve(
          { key: String(request.headers["sec-websocket-key"]), connection, ahead },
          {
            user,
            remote: "192.0.2.7",
            source: "192.0.2.7",
            winsize: { cols: Number(query.get("cols") ?? 80), rows: 24 },
            node: null,
            image: null,
            machine: query.get("machine"),
            ...(query.has("guest") && { guest: query.get("guest") as GuestRole }),
            resume: session === null ? null : { session, offset: Number(query.get("offset")) },
          },
          dismissed.signal,
        );
      } catch (error) {
        if (!(error instanceof AgentAwayError)) throw error;
        connection.end("HTTP/1.1 503 Away\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    front.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return front;
  }

  /** Parts with the client that came last for a user. */
  dismiss(user: string, dismissal: Dismissal): void {
    this.#visits.get(user)!.abort(dismissal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }
}
