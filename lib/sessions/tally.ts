/** Counts what an agent does, for the metrics. */
import {
  type Counts,
  ECHO_SECONDS,
  emptyHistogram,
  type Histogram,
  START_SECONDS,
} from "../protocol/counts.ts";
import type { StartStages } from "../types.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./errors.ts";

/** How the shell of a session came about: it waited for its person, or was made for them. */
export type StartKind = "ready" | "cold";

/** What a tally adds to an agent's counts. */
export type Tallied = Pick<
  Counts,
  | "run"
  | "started"
  | "ended"
  | "inputBytes"
  | "outputBytes"
  | "poolHits"
  | "poolMisses"
  | "engineErrors"
  | "starts"
  | "echo"
>;

/** Times in buckets; adding one costs some ten comparisons. */
class Times {
  readonly #buckets: number[];
  #sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.#buckets = [...emptyHistogram(bounds).buckets];
  }

  add(ms: number): void {
    const seconds = ms / 1000;
    this.#sum += seconds;
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    this.#buckets[at < 0 ? this.bounds.length : at]!++;
  }

  get histogram(): Histogram {
    return { buckets: [...this.#buckets], sum: this.#sum };
  }
}

/** One for all sessions of a process. All its words are the program's own, and so are few. */
export class Tally {
  readonly #run = crypto.randomUUID();
  readonly #ended = new Map<string, number>();
  readonly #engineErrors = new Map<string, { call: string; answer: string; count: number }>();
  readonly #starts = new Map<string, { start: string; stage: string; times: Times }>();
  readonly #echo = new Times(ECHO_SECONDS);
  #started = 0;
  #poolHits = 0;
  #poolMisses = 0;
  /** What went through all terminals. */
  inputBytes = 0;
  outputBytes = 0;

  /** A session began. */
  began(): void {
    this.#started++;
  }

  /** What its start took, in all from the request to the first output. */
  startTook(start: StartKind, stages: StartStages, allMs: number): void {
    const { prompt } = stages;
    // One that was ready was created and attached before anybody waited for it.
    const { create, attach } = start === "cold" ? stages : { create: null, attach: null };
    const all = { create, attach, start: stages.start, prompt, all: allMs };
    for (const [stage, ms] of Object.entries(all)) {
      if (ms !== null) this.#timesOf(start, stage).add(ms);
    }
  }

  ended(cause: string): void {
    this.#ended.set(cause, (this.#ended.get(cause) ?? 0) + 1);
  }

  /** Somebody wanted a shell that was ready. */
  claimed(result: "hit" | "miss"): void {
    if (result === "hit") this.#poolHits++;
    else this.#poolMisses++;
  }

  echoed(ms: number): void {
    this.#echo.add(ms);
  }

  engineFailed(call: string, { answer }: EngineError): void {
    const key = `${call} ${answer}`;
    const kind = this.#engineErrors.get(key) ?? { call, answer, count: 0 };
    kind.count++;
    this.#engineErrors.set(key, kind);
  }

  get counts(): Tallied {
    return {
      run: this.#run,
      started: this.#started,
      ended: Object.fromEntries(this.#ended),
      inputBytes: this.inputBytes,
      outputBytes: this.outputBytes,
      poolHits: this.#poolHits,
      poolMisses: this.#poolMisses,
      engineErrors: Array.from(this.#engineErrors.values(), (kind) => ({ ...kind })),
      starts: Array.from(
        this.#starts.values(),
        ({ start, stage, times }) => ({ start, stage, seconds: times.histogram }),
      ),
      echo: this.#echo.histogram,
    };
  }

  #timesOf(start: string, stage: string): Times {
    const key = `${start} ${stage}`;
    const known = this.#starts.get(key);
    if (known) return known.times;
    const times = new Times(START_SECONDS);
    this.#starts.set(key, { start, stage, times });
    return times;
  }
}

/**
 * The same engine, whose errors are counted. That a container is missing is none of the engine's,
 * and that exits are not told any more is `incidents`'.
 */
export function tallied(engine: Engine, tally: Tally): Engine {
  const countedAs = (call: string) => (error: unknown): never => {
    if (error instanceof EngineError && error.answer !== "missing") tally.engineFailed(call, error);
    throw error;
  };
  return new Proxy(engine, {
    get(target, name: keyof Engine) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function" || name === "watchExit") {
        return typeof member === "function" ? member.bind(target) : member;
      }
      if (name === "incidents") {
        return async function* (signal: AbortSignal) {
          try {
            yield* target.incidents(signal);
          } catch (error) {
            countedAs(name)(error);
          }
        };
      }
      return (...args: unknown[]) => member.apply(target, args).catch(countedAs(name));
    },
  });
}
