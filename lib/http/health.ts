/** `/healthz`: whether the gateway works; `/readyz`: whether a session could start now. */
import { type Agent, AgentAwayError } from "../agent/agent.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../types.ts";
import { json } from "./answers.ts";

/** How long an answer holds: asking more often makes nobody work. */
const FRESH_MS = 1_000;

/** Why it is not so, in a sentence for anybody; null when it is. */
type Reason = string | null;

/** What is looked at. */
export interface HealthParts {
  readonly agent: Pick<Agent, "whyNotLive" | "whyNotReady">;
  readonly clock: Clock;
  readonly log: Log;
}

/** A check whose answer holds for a moment, and is asked for once at a time. */
class Check {
  #askedAtMs = -Infinity;
  #answer: Promise<Reason> = Promise.resolve(null);
  #told: Reason = null;

  constructor(
    private readonly ask: () => Promise<Reason>,
    private readonly what: "health" | "readiness",
    private readonly parts: Pick<HealthParts, "clock" | "log">,
  ) {}

  answer(): Promise<Reason> {
    const now = this.parts.clock.now();
    if (now - this.#askedAtMs < FRESH_MS) return this.#answer;
    this.#askedAtMs = now;
    return this.#answer = this.#ask();
  }

  async #ask(): Promise<Reason> {
    const reason = await this.ask().catch(whyAway);
    const { log } = this.parts;
    const [away, back] = this.what === "health" ? ["engine-away", "engine-back"] as const : [];
    if (reason !== null && reason !== this.#told) {
      log.warning(`${this.what}: ${reason}`, { event: away });
    }
    if (reason === null && this.#told !== null) {
      log.notice(`${this.what}: all is well again`, { event: back });
    }
    this.#told = reason;
    return reason;
  }
}

/** Answers both questions, the same to everybody within a second. */
export class Health {
  readonly #live: Check;
  readonly #ready: Check;

  constructor(parts: HealthParts) {
    const { agent } = parts;
    this.#live = new Check(() => agent.whyNotLive(), "health", parts);
    this.#ready = new Check(() => agent.whyNotReady(), "readiness", parts);
  }

  /** Whether they would answer 200. */
  async isLive(): Promise<boolean> {
    return await this.#live.answer() === null;
  }

  async isReady(): Promise<boolean> {
    return await this.#ready.answer() === null;
  }

  /** `GET /healthz`: 200, or 503 with a reason when the engine does not answer. */
  async showLive(): Promise<Response> {
    return answerOf(await this.#live.answer());
  }

  /** `GET /readyz`: 200, or 503 with a reason when no session could start. */
  async showReady(): Promise<Response> {
    return answerOf(await this.#ready.answer());
  }
}

function answerOf(reason: Reason): Response {
  return reason === null ? json({ status: "ok" }) : json({ status: "unavailable", reason }, 503);
}

function whyAway(error: unknown): Reason {
  if (error instanceof AgentAwayError) return "The agent of the terminals does not answer.";
  throw error;
}
