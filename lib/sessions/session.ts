/** One user's container and its terminal, from the start of the shell to the container's removal. */
import { abortable } from "@std/async/abortable";
import { settlesWithin } from "../clock.ts";
import { Output } from "../terminal/output.ts";
import type { Member, Share } from "../terminal/share.ts";
import type { Clock, Profile, StartStages, TerminalEvent, Winsize } from "../types.ts";
import { type Ending, ending, inWords } from "./endings.ts";
import type { Engine, Incident } from "./engine.ts";
import { Lifetime, type LifetimeLimits } from "./lifetime.ts";
import type { Shell } from "./shell.ts";
import { Verdict } from "./verdict.ts";

/** The longest a start waits for the first output before the session counts as ready. */
const PROMPT_MS = 1_000;
/** After the shell's exit: how long its last output may stand still. */
const LAST_OUTPUT_MS = 1_000;

/** How long a session may last. */
export interface SessionTimes extends LifetimeLimits {
  /** How long it outlives its last viewer. */
  readonly reconnectGraceMs: number;
}

/** What a session is made of. */
export interface SessionParts {
  readonly id: string;
  readonly user: string;
  readonly profile: Profile;
  readonly shell: Shell;
  readonly engine: Pick<Engine, "resize">;
  readonly times: SessionTimes;
  readonly replayBytes: number;
  /** What it shares the machine by. */
  readonly share: Share;
  readonly clock: Clock;
  /** Removes the container and gives back all the session holds. */
  readonly dispose: () => Promise<void>;
}

/** A client that follows a session; disposing it starts the grace. */
export interface Viewer extends Disposable {
  /** The offset of the first output byte it gets. */
  readonly from: number;
  /** Aborted when another viewer takes over. */
  readonly replaced: AbortSignal;
}

/** A live session. It knows nothing of how its viewers are connected. */
export class Session {
  readonly id: string;
  readonly user: string;
  readonly profile: Profile;
  readonly startedAt = new Date();
  readonly output: Output;
  /** How long each stage of the start took; resolves with the first output. */
  readonly stages: Promise<StartStages>;
  /** Resolves when the end is known; the container may still be on its way out. */
  readonly ended: Promise<Ending>;
  /** Resolves when the container is gone, or rejects when it would not go. */
  readonly gone: Promise<void>;

  #phase: "live" | "ending" | "gone" = "live";
  readonly #parts: SessionParts;
  readonly #lifetime: Lifetime;
  readonly #share: Member;
  readonly #verdict: Verdict;
  readonly #stop = Promise.withResolvers<Ending>();
  readonly #over = new AbortController();
  #viewer: { emit: (event: TerminalEvent) => void; replaced: AbortController } | null = null;
  #grace: Disposable | null = null;
  /** The last input that is on its way, null when there is none. */
  #writing: Promise<unknown> | null = null;
  #wantedSize: Winsize | null = null;
  #resizing: Promise<void> | null = null;

  constructor(parts: SessionParts) {
    const { id, user, profile, clock, times } = this.#parts = parts;
    this.id = id;
    this.user = user;
    this.profile = profile;
    this.output = new Output(parts.replayBytes);
    this.#share = parts.share.join();
    this.#verdict = new Verdict(parts.shell, profile, clock);
    this.#lifetime = new Lifetime(clock, times, (remainingMs) => this.#warn(remainingMs));
    this.#lifetime.over.addEventListener("abort", () => this.#expire());
    this.stages = this.#firstOutput();
    this.#startGrace();
    const pumped = this.#pump();
    this.ended = this.#untilEnd(pumped);
    this.gone = this.ended.then(() => this.#close());
  }

  /** live, ending (its container is being removed) or gone. */
  get phase(): "live" | "ending" | "gone" {
    return this.#phase;
  }

  /** The id of its container in the engine. */
  get container(): string {
    return this.#parts.shell.container;
  }

  /** Whether a client follows it now. */
  get attached(): boolean {
    return this.#viewer !== null;
  }

  /** Milliseconds without input after which it ends. */
  get idleTimeoutMs(): number {
    return this.#parts.times.idleTimeoutMs;
  }

  /** Milliseconds since the last input. */
  get idleMs(): number {
    return this.#lifetime.idleMs;
  }

  /**
   * Makes a client the session's viewer, in the place of the one before.
   *
   * @param offset up to where the client has the output
   * @throws {FrameError} when the offset lies past the output
   */
  view(offset: number, emit: (event: TerminalEvent) => void): Viewer {
    const from = this.output.follow(offset);
    this.#viewer?.replaced.abort();
    this.#grace?.[Symbol.dispose]();
    const viewer = this.#viewer = { emit, replaced: new AbortController() };
    this.#lifetime.repeatWarning();
    return {
      from,
      replaced: viewer.replaced.signal,
      [Symbol.dispose]: () => {
        if (this.#viewer !== viewer) return;
        this.#viewer = null;
        this.#startGrace();
      },
    };
  }

  /**
   * Passes input to the shell, in order; resolves when the terminal has taken it. Input that
   * waits for its turn when the signal is aborted, or that comes when the session ends, is dropped.
   */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#phase !== "live") return;
    this.#lifetime.touch();
    this.#share.typed(bytes);
    const before = this.#writing;
    const turn = Promise.withResolvers<void>();
    const after = this.#writing = before ? before.then(() => turn.promise) : turn.promise;
    try {
      if (before) await abortable(before, signal);
      if (this.#phase === "live") await this.#parts.shell.stream.write(bytes);
    } catch (error) {
      if (signal.aborted) throw error;
      // The shell has closed its terminal: its exit tells the rest.
    } finally {
      turn.resolve();
      if (this.#writing === after) this.#writing = null;
    }
  }

  /** Tells the terminal its size; of several that come at once, the last counts. */
  resize(winsize: Winsize): void {
    this.#wantedSize = winsize;
    this.#resizing ??= this.#applySize().finally(() => this.#resizing = null);
  }

  /** Ends the session; the first ending counts. */
  end(cause: Ending): void {
    this.#stop.resolve(cause);
  }

  /** Takes note of what befell the container from outside. */
  note(kind: Incident["kind"]): void {
    this.#verdict.note(kind);
  }

  async #pump(): Promise<void> {
    const { stream } = this.#parts.shell;
    try {
      for (let room; (room = await this.output.room()) > 0;) {
        room = await this.#share.turn(room);
        const bytes = await stream.read(room);
        if (bytes === null || this.#phase !== "live") break;
        this.#share.took(bytes.length);
        this.output.append(bytes);
      }
    } catch {
      // A broken stream ends the session like a closed one: the exit status tells why.
    } finally {
      this.output.close();
    }
  }

  async #firstOutput(): Promise<StartStages> {
    const { shell, clock } = this.#parts;
    const since = clock.now();
    const output = this.output.after(0, this.#over.signal);
    await settlesWithin(output, PROMPT_MS, clock);
    return { ...shell.stages, prompt: this.output.end > 0 ? clock.now() - since : null };
  }

  async #untilEnd(pumped: Promise<void>): Promise<Ending> {
    const { shell } = this.#parts;
    const stopped = this.#stop.promise;
    const exitKnown = shell.exitCode.then(() => {}, () => {});
    const first = await Promise.race([stopped, pumped, exitKnown]);
    if (first) return first;
    this.#share[Symbol.dispose](); // the last output waits for nobody
    await this.#drain(Promise.race([pumped, stopped]));
    return await Promise.race([stopped, this.#verdict.tell()]);
  }

  /** Waits for the output that was still on its way, for as long as it moves. */
  async #drain(done: Promise<unknown>): Promise<void> {
    for (let before = -1, now = 0; before !== now; now = this.output.end + this.output.acked) {
      before = now;
      if (await settlesWithin(done, LAST_OUTPUT_MS, this.#parts.clock)) return;
    }
  }

  async #close(): Promise<void> {
    this.#phase = "ending";
    this.#over.abort();
    this.#share[Symbol.dispose]();
    this.#grace?.[Symbol.dispose]();
    this.#lifetime[Symbol.dispose]();
    try {
      this.output.close();
      await this.#parts.dispose();
    } finally {
      this.#phase = "gone";
    }
  }

  #expire(): void {
    const { idleTimeoutMs, maxLifetimeMs } = this.#parts.times;
    switch (this.#lifetime.over.reason as "idle" | "lifetime") {
      case "idle":
        this.end(
          ending("idle", `The session ended after ${inWords(idleTimeoutMs)} without input.`),
        );
        break;
      case "lifetime":
        this.end(
          ending("lifetime", `The session reached its longest time, ${inWords(maxLifetimeMs)}.`),
        );
        break;
    }
  }

  #warn(remainingMs: number): void {
    this.#viewer?.emit({ type: "idle", remaining: Math.ceil(remainingMs / 1000) });
  }

  #startGrace(): void {
    if (this.#phase !== "live") return;
    const { reconnectGraceMs } = this.#parts.times;
    const message = `Nobody came back to the session within ${inWords(reconnectGraceMs)}.`;
    this.#grace = this.#parts.clock.timer(
      reconnectGraceMs,
      () => this.end(ending("idle", message)),
    );
  }

  async #applySize(): Promise<void> {
    const { engine, shell } = this.#parts;
    while (this.#wantedSize && this.#phase === "live") {
      const winsize = this.#wantedSize;
      this.#wantedSize = null;
      // A size that cannot be set is a shell that is gone: its exit tells the rest.
      await engine.resize(shell.container, winsize, this.#over.signal).catch(() => {});
    }
  }
}
