/** `/healthz`: whether the gateway works; `/readyz`: whether a session could start now. */
import type { Log } from "../log.ts";
import type { Engine } from "../sessions/engine.ts";
import type { Maintenance } from "../sessions/maintenance.ts";
import type { Registry } from "../sessions/registry.ts";
import type { Clock } from "../types.ts";
import { json } from "./answers.ts";

/** How long the engine may take. */
const ENGINE_MS = 2_000;
/** How long an answer holds: asking more often makes nobody work. */
const FRESH_MS = 1_000;

/** Why it is not so, in a sentence for anybody; null when it is. */
type Reason = string | null;

/** What is looked at. */
export interface HealthParts {
  readonly engine: Pick<Engine, "ping" | "hasImage">;
  readonly registry: Pick<Registry, "startsFail" | "diskIsLow">;
  readonly maintenance: Pick<Maintenance, "drain">;
  /** What new sessions are made from. */
  readonly image: () => string;
  /** @throws {Error} when nothing can be written to the state directory */
  readonly tryWriting: () => Promise<void>;
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
    private readonly what: string,
    private readonly parts: Pick<HealthParts, "clock" | "log">,
  ) {}

  answer(): Promise<Reason> {
    const now = this.parts.clock.now();
    if (now - this.#askedAtMs < FRESH_MS) return this.#answer;
    this.#askedAtMs = now;
    return this.#answer = this.#ask();
  }

  async #ask(): Promise<Reason> {
    const reason = await this.ask();
    const { log } = this.parts;
    if (reason !== null && reason !== this.#told) log.warning(`${this.what}: ${reason}`);
    if (reason === null && this.#told !== null) log.notice(`${this.what}: all is well again`);
    this.#told = reason;
    return reason;
  }
}

/** Answers both questions, the same to everybody within a second. */
export class Health {
  readonly #live: Check;
  readonly #ready: Check;

  constructor(parts: HealthParts) {
    this.#live = new Check(() => whyNotLive(parts), "health", parts);
    this.#ready = new Check(() => whyNotReady(parts), "readiness", parts);
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

async function whyNotLive({ engine }: HealthParts): Promise<Reason> {
  const isThere = await engine.ping(AbortSignal.timeout(ENGINE_MS)).then(() => true, () => false);
  return isThere ? null : "The Docker Engine does not answer.";
}

async function whyNotReady(parts: HealthParts): Promise<Reason> {
  const { engine, registry, maintenance, image, tryWriting } = parts;
  if (maintenance.drain !== null) return "The gateway is being drained.";
  const notLive = await whyNotLive(parts);
  if (notLive !== null) return notLive;
  const hasImage = engine.hasImage(image(), AbortSignal.timeout(ENGINE_MS));
  if (!await hasImage.catch(() => false)) return "The image of new sessions is missing.";
  if (!await tryWriting().then(() => true, () => false)) {
    return "The state directory cannot be written to.";
  }
  if (await registry.diskIsLow()) return "The disk of Docker's data is nearly full.";
  return registry.startsFail ? "Shells fail to start; the log says why." : null;
}
