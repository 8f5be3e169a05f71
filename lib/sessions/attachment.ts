/** The line to a session's shell: output, input and size; joined again when the engine dropped it. */
import { abortable, settlesWithin, sleep } from "../clock.ts";
import { isAnswers } from "../terminal/answers.ts";
import { INTERRUPTED } from "../terminal/bridge.ts";
import type { Output } from "../terminal/output.ts";
import type { Capacity, Member } from "../terminal/capacity.ts";
import type { Clock } from "../types.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { type Connection, type RejoinedShell, rejoinShell, type Shell } from "./shell.ts";
import type { Tally } from "./tally.ts";
import { TerminalWindow } from "./window.ts";

/** After the shell's exit: how long its last output may stand still, unless a viewer holds it up. */
const LAST_OUTPUT_MS = 1_000;
/** After the end of the stream: how long the exit status may take. */
const EXIT_CODE_MS = 2_000;
/** How long a freeze may take: until then the other sessions stand still, too. */
const FREEZE_MS = 5_000;
/** After a freeze: how long the last output may stand still. */
const LEAVE_MS = 20;
/** Of a shell that cannot stand still alone: the rest is in the engine's log. */
const LEAVE_MOST_MS = 1_000;
/** How often the engine is asked again while it does not answer, and for how long. */
const REJOIN_PAUSE_MS = 500;
const REJOIN_MS = 120_000;
/**
 * How long input waits for that of the connection before: the engine passes on what it had of it,
 * and does not keep the order of two connections. A program that reads takes far more in this time.
 */
const OLD_INPUT_MS = 500;
/** How much of the latest output is compared with the engine's log. */
const KNOWN_BYTES = 16 * 1024;

/** How a line came to its end: with the shell's exit status, or since the shell cannot be reached. */
export type AttachmentEnd = { readonly exitCode: number } | "lost";

/** What a line is made of. */
export interface AttachmentParts {
  readonly shell: Shell;
  readonly engine: Engine;
  readonly output: Output;
  readonly greetingBytes: number;
  readonly capacity: Capacity;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Whether another connection to the shell came before this one. */
  readonly rejoined: boolean;
  /** How much input the shell had before. */
  readonly inputBytes: number;
  readonly onNews: (news: AttachmentNews) => void;
}

/**
 * What befalls a line: its connection broke, there is another one, or output was lost, which is
 * about to begin again.
 */
export type AttachmentNews = "broken" | "joined" | "gap";

/** Pumps output as credit allows; disposing it hangs up. */
export class Attachment implements AsyncDisposable {
  /** Resolves when the shell has ended, or is lost, and its last output has come. */
  readonly end: Promise<AttachmentEnd>;
  readonly window: TerminalWindow;
  readonly #parts: AttachmentParts;
  readonly #over = new AbortController();
  #connection: Connection;
  readonly #capacity: Member;
  #inputBytes: number;
  /** Resolves when the connection is another one. */
  #joined = Promise.withResolvers<void>();
  /** Resolves when the connection may take input. */
  #takesInput: Promise<void> = Promise.resolve();
  /** The last input that is on its way, null when there is none. */
  #writing: Promise<unknown> | null = null;

  constructor(parts: AttachmentParts) {
    this.#parts = parts;
    this.#connection = parts.shell.connection;
    this.#inputBytes = parts.inputBytes;
    this.#capacity = parts.capacity.join();
    const { engine, shell: { container }, output, clock } = parts;
    this.window = new TerminalWindow({
      engine,
      container,
      output,
      clock,
      signal: this.#over.signal,
    });
    if (parts.rejoined) this.#goAnew();
    this.end = this.#run();
  }

  /**
   * Passes input to the shell, in order; resolves when the terminal has taken it. Input that
   * waits for its turn when the signal is aborted is dropped.
   *
   * @param by a guest's is not in `inputBytes`, by which viewers find out what of theirs came
   */
  async write(
    bytes: Uint8Array,
    signal: AbortSignal,
    by: "viewer" | "guest" = "viewer",
  ): Promise<void> {
    const count = (bytes: number) => this.#inputBytes += by === "viewer" ? bytes : 0;
    if (!isAnswers(bytes)) this.#capacity.typed(bytes);
    const before = this.#writing;
    const turn = Promise.withResolvers<void>();
    const after = this.#writing = before ? before.then(() => turn.promise) : turn.promise;
    try {
      if (before) await abortable(before, signal);
      signal.throwIfAborted();
      // Counted before it is taken: one who asks meanwhile must not send it again.
      count(bytes.length);
      const untaken = await this.#deliver(bytes);
      count(-untaken);
      this.#parts.tally.inputBytes += bytes.length - untaken;
    } catch (error) {
      if (signal.reason === INTERRUPTED) count(bytes.length);
      throw error;
    } finally {
      turn.resolve();
      if (this.#writing === after) this.#writing = null;
    }
  }

  get pace(): Member {
    return this.#capacity;
  }

  /** How much input of viewers was passed on, or dropped for good. */
  get inputBytes(): number {
    return this.#inputBytes;
  }

  /** Has the shell stand still, takes in what it printed until then, and hangs up. */
  async leave(): Promise<void> {
    const { engine, shell: { container }, output, clock } = this.#parts;
    const { signal } = this.#over;
    await engine.freeze(container, AbortSignal.any([signal, AbortSignal.timeout(FREEZE_MS)]));
    const giveUpAtMs = clock.now() + LEAVE_MOST_MS;
    for (let before = -1; before !== output.end && clock.now() < giveUpAtMs;) {
      before = output.end;
      await sleep(LEAVE_MS, clock);
    }
    await this[Symbol.asyncDispose]();
    await this.#writing; // how much of it was taken is known now
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#capacity[Symbol.dispose]();
    this.#parts.output.close();
    await this.#connection[Symbol.asyncDispose]();
  }

  /** What every connection does but the first one to a shell. */
  #goAnew(): void {
    // What was printed meanwhile and did not end its line is in no log: a prompt, mostly.
    this.window.redraw();
    this.#takesInput = sleep(OLD_INPUT_MS, this.#parts.clock, this.#over.signal);
  }

  /**
   * Writes to the connection of the moment, and the rest to the next one when that breaks.
   *
   * @returns how many bytes no connection took
   */
  async #deliver(bytes: Uint8Array): Promise<number> {
    let rest = bytes;
    while (!this.#over.signal.aborted) {
      await this.#takesInput;
      const { stream } = this.#connection;
      const before = stream.writtenBytes;
      try {
        await stream.write(rest);
        return 0;
      } catch {
        rest = rest.subarray(stream.writtenBytes - before);
        if (this.#over.signal.aborted || !await this.#renewed()) break;
      }
    }
    return rest.length;
  }

  /** After a write that broke: waits for another connection; false when the shell has ended. */
  async #renewed(): Promise<boolean> {
    const { engine, shell: { container }, clock } = this.#parts;
    const { stream } = this.#connection;
    const renewed = Promise.race([this.#joined.promise, this.end]);
    if (!await settlesWithin(renewed, EXIT_CODE_MS, clock)) {
      // The shell may have ended, and its last output be on its way; or only the input is broken.
      const status = await engine.exitStatus(container, this.#over.signal).catch(() => null);
      if (status === null && this.#connection.stream === stream) {
        await this.#connection[Symbol.asyncDispose]();
      }
      await renewed;
    }
    return this.#connection.stream !== stream;
  }

  async #run(): Promise<AttachmentEnd> {
    const { output, clock } = this.#parts;
    let missed: Uint8Array = new Uint8Array();
    try {
      while (true) {
        const joinedAtMs = clock.now();
        const { exitCode } = this.#connection;
        const pumped = this.#pump(this.#connection, missed);
        // A wait that broke off says nothing of the shell: the line is joined again at once.
        const broke = exitCode.then(() => false, () => true);
        if (!await Promise.race([pumped, broke])) await this.#drain(pumped);
        if (this.#over.signal.aborted) return "lost";
        if (await settlesWithin(exitCode, EXIT_CODE_MS, clock)) {
          const status = await exitCode.catch(() => null);
          if (status !== null) return { exitCode: status };
        }
        await this.#connection[Symbol.asyncDispose]();
        await pumped;
        this.#parts.onNews("broken");
        // An engine that drops each connection at once is not asked without a pause.
        const pauseMs = joinedAtMs + REJOIN_PAUSE_MS - clock.now();
        if (pauseMs > 0) await sleep(pauseMs, clock, this.#over.signal);
        const rejoined = await this.#rejoin();
        if (rejoined === "lost" || "exitCode" in rejoined) return rejoined;
        missed = this.#goOn(rejoined);
      }
    } finally {
      output.close();
      await this.#connection[Symbol.asyncDispose]();
    }
  }

  /** Resolves when the stream ends, closed or broken. */
  async #pump({ stream }: Connection, missed: Uint8Array): Promise<void> {
    const { output, tally } = this.#parts;
    try {
      for (let room; (room = await output.room()) > 0;) {
        room = await this.#capacity.turn(room);
        const bytes = missed.length > 0 ? missed.subarray(0, room) : await stream.read(room);
        if (bytes === null || this.#over.signal.aborted) return;
        missed = missed.subarray(Math.min(missed.length, room));
        this.#capacity.took(bytes.length);
        tally.outputBytes += bytes.length;
        output.append(bytes);
      }
    } catch {
      // The exit status tells why.
    }
  }

  /** Waits for the output that was still on its way, for as long as it moves or a viewer holds it up. */
  async #drain(pumped: Promise<unknown>): Promise<void> {
    const { output, clock } = this.#parts;
    for (let before = -1; before !== output.end || output.blocked;) {
      before = output.end;
      if (await settlesWithin(pumped, LAST_OUTPUT_MS, clock)) return;
    }
  }

  /** Connects again, once the engine answers. */
  async #rejoin(): Promise<RejoinedShell | AttachmentEnd> {
    const { engine, shell: { container }, output, greetingBytes, clock } = this.#parts;
    const { signal } = this.#over;
    const giveUpAt = clock.now() + REJOIN_MS;
    while (!signal.aborted) {
      try {
        const known = { ...output.tail(KNOWN_BYTES), greetingBytes };
        return await rejoinShell(engine, container, known, signal);
      } catch (error) {
        const exitCode = await engine.exitStatus(container, signal).catch(() => null);
        if (exitCode !== null) return { exitCode };
        const missing = error instanceof EngineError && error.answer === "missing";
        if (missing || clock.now() >= giveUpAt) return "lost";
      }
      await sleep(REJOIN_PAUSE_MS, clock, signal);
    }
    return "lost";
  }

  /** Takes a new connection; returns the output that came before it and is not in `output` yet. */
  #goOn({ connection, output: all, gap }: RejoinedShell): Uint8Array {
    const { output, onNews } = this.#parts;
    onNews("joined");
    this.#connection = connection;
    this.#goAnew();
    this.#joined.resolve();
    this.#joined = Promise.withResolvers();
    if (!gap) return all.bytes.subarray(all.bytes.length - (all.end - output.end));
    onNews("gap");
    output.restart(all);
    return new Uint8Array();
  }
}
