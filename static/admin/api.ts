/** The gateway's JSON API, as far as the administrator's page uses it. */
/// <reference lib="dom" />
import type { NodeInfo } from "../../lib/protocol/nodes.ts";
import type { Overview } from "../../lib/protocol/overview.ts";
import type { LockList, OwnedSession, SessionList } from "../../lib/protocol/resources.ts";
import { say } from "./say.ts";

/** How long an answer may take; the end of a container is waited for longer. */
const ANSWER_MS = 5_000, DONE_MS = 30_000;

/** Everything that the page shows, and the server's time. */
export interface Shown {
  readonly sessions: readonly OwnedSession[];
  readonly nodes: readonly NodeInfo[];
  readonly locks: LockList["locks"];
  readonly overview: Overview;
  /** Why the container engine does not work; null when it does. */
  readonly engine: string | null;
  readonly atMs: number;
}

/** The gateway refused, or did not answer (status 0); the message is a sentence for people. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export class Api {
  /** The gateway is below `base`. */
  constructor(private readonly base: string) {}

  /** Everything, one request after the other. @throws {Refused} */
  async all(): Promise<Shown> {
    const first = await this.#ask("GET", "/api/v1/sessions");
    const { sessions }: SessionList = await first.json();
    // Ages are told by the server's clock: a wrong one here does no harm.
    const atMs = Date.parse(first.headers.get("date") ?? "") || Date.now();
    const { nodes } = await (await this.#ask("GET", "/api/v1/nodes")).json();
    const { locks }: LockList = await (await this.#ask("GET", "/api/v1/locks")).json();
    const overview: Overview = await (await this.#ask("GET", "/api/v1/overview")).json();
    return { sessions, nodes, locks, overview, engine: await this.#engine(), atMs };
  }

  /** Ends a session: it is over when this resolves. @throws {Refused} */
  async end(id: string): Promise<void> {
    await this.#do("DELETE", `/sessions/${encodeURIComponent(id)}`);
  }

  /**
   * Tells everybody something, or one session's person; resolves to in how many terminals it is shown.
   *
   * @throws {Refused}
   */
  async tell(text: string, session?: string): Promise<number> {
    const path = session ? `/sessions/${encodeURIComponent(session)}/message` : "/broadcast";
    return (await (await this.#do("POST", path, { text })).json()).terminals;
  }

  /** Forgets the failed log-ins of a name. @throws {Refused} */
  async unlock(name: string): Promise<void> {
    await this.#do("POST", `/users/${encodeURIComponent(name)}/refresh`);
  }

  /** Lets no new sessions begin on a node, or lets them again. @throws {Refused} */
  async drain(name: string, drains: boolean): Promise<void> {
    const path = `/nodes/${encodeURIComponent(name)}/drain`;
    await (drains ? this.#do("POST", path, { endsAt: null }) : this.#do("DELETE", path));
  }

  async #engine(): Promise<string | null> {
    try {
      await this.#ask("GET", "/healthz");
      return null;
    } catch (error) {
      if (error instanceof Refused && error.status === 503) return error.message;
      throw error;
    }
  }

  #do(method: string, path: string, body?: unknown): Promise<Response> {
    return this.#ask(method, `/api/v1${path}`, body, DONE_MS);
  }

  async #ask(
    method: string,
    path: string,
    body?: unknown,
    withinMs = ANSWER_MS,
  ): Promise<Response> {
    const json = body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    let response: Response;
    try {
      const signal = AbortSignal.timeout(withinMs);
      response = await fetch(this.base + path, { method, signal, ...json });
    } catch {
      throw new Refused(0, say.noAnswer);
    }
    if (response.ok) return response;
    throw new Refused(response.status, await sentenceOf(response));
  }
}

/** Why a request was refused: a problem's sentence (RFC 9457), or the reason of `/healthz`. */
async function sentenceOf(response: Response): Promise<string> {
  const { detail, reason } = await response.json().catch(() => ({}));
  return detail ?? reason ?? say.answersError(response.status);
}
