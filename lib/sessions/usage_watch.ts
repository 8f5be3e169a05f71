/** Tells those who look at sessions what their containers use, measured once for everybody. */
import type { Clock, Usage } from "../types.ts";
import type { Engine, UsageSample } from "./engine.ts";

/** How often a container is measured that somebody looks at. */
const EVERY_MS = 2_000;
/** Each measurement that finds nothing new doubles the time to the next where nobody types, up to this. */
const LONGEST_MS = 16_000;
/**
 * How many are measured at once: Docker answers with its next round of measurements, up to a second
 * later. With more viewers than twice as many, each is told less often.
 */
const MEASURES = 16;
/** After a measurement that failed. */
const RETRY_MS = 10_000;
/** For how long a container is measured on account of a glance at it. */
const GLANCE_MS = 6_000;
/** What is told: a hundredth of a processor, a mebibyte, any process. */
const CPU_STEPS = 100, MEMORY_STEP_BYTES = 1024 ** 2;

/** One who looks at a container. */
interface Follower {
  readonly container: string;
  /** Does nothing where somebody only glances at it. */
  readonly tell: ((usage: Usage) => void) | null;
  /** For how long nothing was typed. */
  readonly idleMs: () => number;
  /** Until when somebody glances. */
  glancedUntilMs: number;
  latest: Usage | null;
  /** The sample before: two of them give a rate. */
  sample: UsageSample | null;
  told: Usage | null;
  everyMs: number;
  notBeforeMs: number;
}

/** Does nothing while nobody looks. */
export class UsageWatch {
  readonly #engine: Pick<Engine, "usage">;
  readonly #clock: Clock;
  /** By container: a session has one viewer. */
  readonly #followers = new Map<string, Follower>();
  #phase: "idle" | "waiting" | "measuring" = "idle";
  #timer: Disposable | null = null;
  /** Aborted when the last one leaves. */
  #round = new AbortController();

  constructor({ engine, clock }: { engine: Pick<Engine, "usage">; clock: Clock }) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /**
   * Tells from now on what a container uses, whenever that has changed; until it is disposed.
   *
   * @param idleMs for how long nothing was typed: where nothing changes either, it is measured less often
   */
  follow(
    container: string,
    tell: (usage: Usage) => void,
    idleMs: () => number = () => 0,
  ): Disposable {
    const follower = this.#begin(container, tell, this.#followers.get(container), idleMs);
    this.#wait();
    return {
      [Symbol.dispose]: () => {
        if (this.#followers.get(container) !== follower) return; // another one took its place
        if (follower.glancedUntilMs > this.#clock.now()) this.#begin(container, null, follower);
        else this.#leave(container);
      },
    };
  }

  /** What a container used last, null where that is not known yet; it is measured for a while. */
  glance(container: string): Usage | null {
    const known = this.#followers.get(container);
    const follower = known ?? this.#begin(container, null);
    follower.glancedUntilMs = this.#clock.now() + GLANCE_MS;
    this.#wait(0);
    return follower.latest;
  }

  #begin(
    container: string,
    tell: Follower["tell"],
    before?: Follower,
    idleMs: Follower["idleMs"] = () => 0,
  ): Follower {
    const { glancedUntilMs = -Infinity, latest = null } = before ?? {};
    const seen = { glancedUntilMs, latest, sample: null, told: null };
    const pace = { idleMs, everyMs: EVERY_MS, notBeforeMs: -Infinity };
    const follower: Follower = { container, tell, ...seen, ...pace };
    this.#followers.set(container, follower);
    return follower;
  }

  #leave(container: string): void {
    this.#followers.delete(container);
    if (this.#followers.size === 0) this.#rest();
  }

  #rest(): void {
    this.#timer?.[Symbol.dispose]();
    this.#round.abort();
    if (this.#phase === "waiting") this.#phase = "idle";
  }

  #wait(delayMs = EVERY_MS): void {
    if (this.#phase !== "idle" || this.#followers.size === 0) return;
    this.#phase = "waiting";
    this.#timer = this.#clock.timer(delayMs, () => void this.#measureAll());
  }

  async #measureAll(): Promise<void> {
    this.#phase = "measuring";
    this.#round = new AbortController();
    const { signal } = this.#round;
    const now = this.#clock.now();
    for (const { container, tell, glancedUntilMs } of this.#followers.values()) {
      if (tell === null && glancedUntilMs <= now) this.#leave(container);
    }
    const due = [...this.#followers.values()].filter((follower) => isDue(follower, now));
    const measureSome = async () => {
      for (let one; !signal.aborted && (one = due.shift());) await this.#measure(one, now, signal);
    };
    await Promise.all(Array.from({ length: Math.min(MEASURES, due.length) }, measureSome));
    this.#phase = "idle";
    this.#wait(Math.max(0, now + EVERY_MS - this.#clock.now()));
  }

  async #measure(follower: Follower, roundMs: number, signal: AbortSignal): Promise<void> {
    const { container, sample: before } = follower;
    let sample: UsageSample | null = null;
    try {
      sample = await this.#engine.usage(container, signal);
    } catch {
      // It has just ended, or the engine is away: others say so.
      follower.everyMs = EVERY_MS;
      follower.notBeforeMs = this.#clock.now() + RETRY_MS;
    }
    follower.sample = sample;
    if (before === null || sample === null || !(sample.atMs > before.atMs)) return;
    if (this.#followers.get(container) !== follower) return;
    const { atMs, cpuMs, ...rest } = sample;
    const used = Math.max(0, cpuMs - before.cpuMs) / (atMs - before.atMs);
    const usage = { cpu: Math.round(used * CPU_STEPS) / CPU_STEPS, ...rest };
    follower.latest = usage;
    const isNew = follower.told === null || differs(usage, follower.told);
    follower.everyMs = isNew ? EVERY_MS : Math.min(2 * follower.everyMs, LONGEST_MS);
    follower.notBeforeMs = roundMs + follower.everyMs;
    if (!isNew) return;
    follower.told = usage;
    follower.tell?.(usage);
  }
}

/** Whether a container's time has come; where something was typed it need not have. */
function isDue({ glancedUntilMs, idleMs, everyMs, notBeforeMs }: Follower, now: number): boolean {
  return notBeforeMs <= now || everyMs > EVERY_MS && (idleMs() < EVERY_MS || glancedUntilMs > now);
}

function differs(a: Usage, b: Usage): boolean {
  return a.cpu !== b.cpu || a.pids !== b.pids || a.memoryLimit !== b.memoryLimit ||
    Math.abs(a.memory - b.memory) >= MEMORY_STEP_BYTES;
}
