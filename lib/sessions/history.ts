/** The last hour of a machine's sessions: each minute how many there are, and what they use together. */
import { SAMPLES } from "../protocol/overview.ts";
import type { Sample } from "../protocol/overview.ts";
import type { Clock } from "../types.ts";
import type { Engine } from "./engine.ts";

const EVERY_MS = 60_000;
/** How many containers are measured at once: nobody waits for it. */
const MEASURES = 4;

/** What it looks at. */
export interface HistoryParts {
  readonly engine: Pick<Engine, "usage">;
  readonly registry: { list(): readonly { readonly container: string }[] };
  readonly clock: Clock;
  readonly now: () => Date;
}

/** It goes on though nobody looks: that costs one measurement of a session in a minute. */
export class History implements Disposable {
  readonly #parts: HistoryParts;
  readonly #samples: Sample[] = [];
  /** By container: when it was measured last, and what it had used from its start to then. */
  #before = new Map<string, { readonly atMs: number; readonly cpuMs: number }>();
  readonly #over = new AbortController();
  #timer: Disposable;

  private constructor(parts: HistoryParts) {
    this.#parts = parts;
    this.#timer = this.#arm();
  }

  static start(parts: HistoryParts): History {
    return new History(parts);
  }

  /** The oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#over.abort();
  }

  #arm(): Disposable {
    return this.#parts.clock.timer(EVERY_MS, () => void this.#take());
  }

  async #take(): Promise<void> {
    const { registry, now } = this.#parts;
    const at = now().toISOString();
    const containers = registry.list().map(({ container }) => container);
    const before = this.#before;
    this.#before = new Map();
    const waiting = [...containers];
    let cpu = 0, memory = 0;
    const measureSome = async () => {
      for (let container; (container = waiting.shift()) !== undefined;) {
        const used = await this.#measure(container, before);
        cpu += used.cpu;
        memory += used.memory;
      }
    };
    await Promise.all(Array.from({ length: MEASURES }, measureSome));
    if (this.#over.signal.aborted) return;
    cpu = Math.round(cpu * 100) / 100;
    this.#samples.push({ at, sessions: containers.length, cpu, memory });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#timer = this.#arm();
  }

  async #measure(container: string, before: ReadonlyMap<string, { atMs: number; cpuMs: number }>) {
    const { engine } = this.#parts;
    const sample = await engine.usage(container, this.#over.signal).catch(() => null);
    if (sample === null) return { cpu: 0, memory: 0 };
    const { atMs, cpuMs, memory } = sample;
    this.#before.set(container, { atMs, cpuMs });
    // What is new has used all of it since the last look.
    const last = before.get(container) ?? { atMs: atMs - EVERY_MS, cpuMs: 0 };
    const cpu = Math.max(0, cpuMs - last.cpuMs) / Math.max(1, atMs - last.atMs);
    return { cpu, memory };
  }
}
