/** Whether the other side is still there: asks when it is silent, and says when it does not answer; pure. */

/** How long silence is taken for nothing to say, and after input for an answer that comes late. */
const SILENCE_MS = 12_000, INPUT_MS = 1_000;

/** How long an answer may take before the person is told, and before the connection is given up. */
const UNANSWERED_MS = 2_000, LOST_MS = 3_000;

/**
 * How long nothing may have come at all before the connection is given up. Over a slow network the
 * answer is behind a whole message of output; one that proves slow is given twice the time.
 */
const PATIENCE_MS = 10_000, MOST_PATIENCE_MS = 40_000;

/** A timer that comes later than this was held up with all else, and proves nothing. */
const LATE_MS = 1_000;

/** What a pulse tells its owner. */
export interface PulseListener {
  /** The other side shall be asked for a word. */
  ask(): void;
  /** It does not answer. */
  unanswered(): void;
  /** It does after all. */
  answered(): void;
  /** The connection is to be given up. Nothing more is told until the next start. */
  lost(): void;
}

/** Time, and a timer that returns how to stop it. */
export interface PulseClock {
  now(): number;
  after(delayMs: number, callback: () => void): () => void;
}

export class Pulse {
  #phase: "stopped" | "quiet" | "asked" | "excused" | "unanswered" = "stopped";
  readonly #listener: PulseListener;
  readonly #clock: PulseClock;
  #heardMs = 0;
  #askedMs = 0;
  /** Since when input waits for a sign of the other side. */
  #typedMs: number | null = null;
  #dueMs = 0;
  #patienceMs = PATIENCE_MS;
  #disarm = () => {};

  constructor(clock: PulseClock, listener: PulseListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Begins with a connection that is good now. */
  start(): void {
    this.#phase = "quiet";
    this.#typedMs = null;
    this.#heardMs = this.#clock.now();
    this.#arm(this.#heardMs + SILENCE_MS);
  }

  stop(): void {
    this.#phase = "stopped";
    this.#disarm();
  }

  /** Something came from the other side. */
  heard(): void {
    if (this.#phase === "stopped") return;
    this.#heardMs = this.#clock.now();
    this.#typedMs = null;
    const before = this.#phase;
    if (before === "quiet") return; // its timer looks again
    this.#phase = "quiet";
    this.#arm(this.#heardMs + SILENCE_MS);
    if (before === "unanswered") this.#listener.answered();
    else this.#patienceMs = PATIENCE_MS;
  }

  /** Something was sent that the other side is likely to answer. */
  typed(): void {
    if (this.#phase !== "quiet" || this.#typedMs !== null) return;
    this.#typedMs = this.#clock.now();
    this.#arm(this.#typedMs + INPUT_MS);
  }

  /** The network or the person is back: asks at once. */
  check(): void {
    if (this.#phase === "quiet") this.#ask();
  }

  #arm(dueMs: number): void {
    this.#disarm();
    this.#dueMs = dueMs;
    this.#disarm = this.#clock.after(Math.max(0, dueMs - this.#clock.now()), () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    switch (this.#phase) {
      case "quiet": {
        const dueMs = this.#typedMs === null
          ? this.#heardMs + SILENCE_MS
          : this.#typedMs + INPUT_MS;
        return now < dueMs ? this.#arm(dueMs) : this.#ask();
      }
      case "asked":
        if (now - this.#dueMs <= LATE_MS) return this.#tell();
        this.#phase = "excused";
        return this.#arm(now + UNANSWERED_MS);
      case "excused":
        return this.#tell();
      case "unanswered":
        this.stop();
        this.#patienceMs = Math.min(2 * this.#patienceMs, MOST_PATIENCE_MS);
        return this.#listener.lost();
      case "stopped":
        return;
    }
  }

  #ask(): void {
    this.#phase = "asked";
    this.#askedMs = this.#clock.now();
    this.#arm(this.#askedMs + UNANSWERED_MS);
    this.#listener.ask();
  }

  #tell(): void {
    this.#phase = "unanswered";
    this.#arm(Math.max(this.#askedMs + LOST_MS, this.#heardMs + this.#patienceMs));
    this.#listener.unanswered();
  }
}
