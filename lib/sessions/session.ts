/** One user's container and its terminal, from the start of the shell to the container's removal. */
import { isAnswers } from "../terminal/answers.ts";
import { isInterrupt } from "../terminal/interrupt.ts";
import type { Member } from "../terminal/capacity.ts";
import { Output } from "../terminal/output.ts";
import type { Profile, StartStages, TerminalEvent, Winsize } from "../types.ts";
import { abandoned, type Ending, tooOld, withoutInput } from "./endings.ts";
import type { Incident } from "./engine.ts";
import { Attachment, type AttachmentNews } from "./attachment.ts";
import { Guests } from "./guests.ts";
import { type Lasts, Lifetime } from "./lifetime.ts";
import type { SessionParts } from "./session_parts.ts";
import { JUMP_BYTES } from "./shell.ts";
import { Pauses } from "./pauses.ts";
import { ExitReason } from "./exit_reason.ts";
import { firstOutput } from "./first_output.ts";
import { type Viewer, Viewers } from "./viewers.ts";
import type { TerminalWindow } from "./window.ts";

/** The most that a client can have seen of output that no record and no log has. */
const UNWRITTEN_BYTES = 1024 ** 3;

/** A live session. It knows nothing of how its viewers are connected. */
export class Session {
  readonly id: string;
  readonly user: string;
  readonly profile: Profile;
  readonly startedAt: Date;
  readonly output: Output;
  /** Who is there beside its user. */
  readonly guests = new Guests((guests) => this.#viewers.emit({ type: "guests", guests }));
  /** The address of its viewer, or of the last one; null while none is known. */
  remote: string | null = null;
  /** How long each stage of the start took; resolves with the first output. */
  readonly stages: Promise<StartStages>;
  /** Resolves when the end is known; the container may still be on its way out. */
  readonly ended: Promise<Ending>;
  /** Resolves when the container is gone, or rejects when it would not go. */
  readonly gone: Promise<void>;

  #phase: "live" | "left" | "ending" | "gone" = "live";
  /**
   * After a crash, until somebody comes back: the end of the output that is known for sure. A
   * client may have seen more, which no offset here can stand for.
   */
  #sureEnd: number | null;
  readonly #parts: SessionParts;
  readonly #lifetime: Lifetime;
  readonly #attachment: Attachment;
  readonly #exitReason: ExitReason;
  readonly #stop = Promise.withResolvers<Ending>();
  readonly #over = new AbortController();
  readonly #pauses: Pauses;
  readonly #viewers: Viewers;

  constructor(parts: SessionParts) {
    const { id, user, profile, clock, times, past, changed } = this.#parts = parts;
    this.id = id;
    this.user = user;
    this.profile = profile;
    this.startedAt = past?.startedAt ?? new Date();
    this.output = new Output(parts.replayBytes, parts.output);
    this.#sureEnd = past && !past.sure ? parts.output.end : null;
    const { inputBytes, viewers } = past ?? { inputBytes: 0, viewers: 0 };
    const onNews = (news: AttachmentNews) => this.#hear(news);
    this.#attachment = new Attachment({
      ...parts,
      output: this.output,
      rejoined: !!past,
      inputBytes,
      onNews,
    });
    this.#exitReason = new ExitReason(profile, clock);
    this.#pauses = new Pauses(clock, (type) => this.tell({ type }));
    this.#lifetime = new Lifetime(clock, times, (remainingMs) => this.#warn(remainingMs), past);
    this.#lifetime.over.addEventListener("abort", () => this.#expire());
    const onAbandoned = () => this.end(abandoned(this.lasts.graceMs));
    this.#viewers = new Viewers(clock, () => this.lasts.graceMs, onAbandoned, viewers, changed);
    const promptMs = firstOutput(this.output, this.greetingBytes, clock, this.#over.signal);
    this.stages = promptMs.then((prompt) => ({ ...parts.shell.stages, prompt }));
    this.ended = this.#untilEnd();
    this.gone = this.ended.then(() => this.#close());
  }

  /** live, left (to the next gateway), ending (its container is being removed) or gone. */
  get phase(): "live" | "left" | "ending" | "gone" {
    return this.#phase;
  }

  /** The id of its container in the engine. */
  get container(): string {
    return this.#parts.shell.container;
  }

  /** How much of its output was the gateway's greeting, and never the shell's. */
  get greetingBytes(): number {
    return this.#parts.greetingBytes;
  }

  /** Whether a client follows it now. */
  get attached(): boolean {
    return this.#viewers.attached;
  }

  /** How long it lasts as things are. */
  get lasts(): Lasts {
    return this.#lifetime.lasts;
  }

  /** How long its end is kept for a viewer that is away. */
  get reconnectGraceMs(): number {
    return this.#parts.times.reconnectGraceMs;
  }

  /** Milliseconds since the last input. */
  get idleMs(): number {
    return this.#lifetime.idleMs;
  }

  /**
   * Makes a client the session's viewer, in the place of the one before.
   *
   * @param offset up to where the client has the output
   * @param was which viewer it was before; see {@linkcode Viewers.replace}
   * @returns and from where on it gets it; where that is not the offset, it begins with a terminal
   * that is reset and then set by `modes`
   * @throws {FrameError} when the offset lies past the output
   */
  view(
    offset: number,
    emit: (event: TerminalEvent) => void,
    was?: number,
  ): Viewer & { readonly from: number; readonly modes: string } {
    if (this.#sureEnd !== null) {
      const aheadBytes = offset - this.#sureEnd;
      if (aheadBytes > 0 && aheadBytes < UNWRITTEN_BYTES) this.output.rebase(offset + 1);
      this.#sureEnd = null;
    }
    const from = this.output.follow(offset);
    const modes = from === offset ? "" : this.output.modesAt(from);
    return { ...this.#viewers.replace(emit, was), from, modes };
  }

  /** Tells a viewer that has just come what was told before and still holds. */
  remind(): void {
    this.#lifetime.repeatWarning();
    this.#pauses.repeat();
    const guests = this.guests.list;
    if (guests.length > 0) this.#viewers.emit({ type: "guests", guests });
  }

  /** Tells all who are there. */
  tell(event: TerminalEvent): void {
    this.#viewers.emit(event);
    this.guests.emit(event);
  }

  /**
   * Passes input to the shell; see {@linkcode Attachment.write}. What comes when the session ends is
   * dropped. What a terminal answers by itself is nobody's activity.
   */
  async write(
    bytes: Uint8Array,
    signal: AbortSignal,
    by: "viewer" | "guest" = "viewer",
  ): Promise<void> {
    if (this.#phase !== "live") return;
    if (!isAnswers(bytes)) this.#lifetime.touch();
    if (by === "viewer" && isInterrupt(bytes)) this.guests.interrupt();
    this.output.touch();
    await this.#attachment.write(bytes, signal, by);
  }

  /** The person wants it kept, though nothing is typed. */
  keep(): void {
    this.#lifetime.touch();
  }

  /** Keeps it for so long while nobody is there, within what may be, though nothing is typed. */
  detach(forMs: number): void {
    this.#lifetime.detach(forMs);
  }

  /** How much input it has dealt with. */
  get inputBytes(): number {
    return this.#attachment.inputBytes;
  }

  /** How much came and went from the start on, but for what a crash may have left uncounted. */
  get traffic(): { readonly inputBytes: number; readonly outputBytes: number } {
    return {
      inputBytes: this.inputBytes % JUMP_BYTES,
      outputBytes: this.output.end % JUMP_BYTES,
    };
  }

  /** How many viewers it has had. */
  get viewers(): number {
    return this.#viewers.count;
  }

  /** By which what its program says takes turns with the floods of others. */
  get pace(): Member {
    return this.#attachment.pace;
  }

  get window(): TerminalWindow {
    return this.#attachment.window;
  }

  /** Tells the terminal its size, and guests as well. */
  resize(winsize: Winsize): void {
    this.window.resize(winsize);
    this.guests.emit({ type: "size", ...winsize });
  }

  /** Ends the session; the first ending counts. */
  end(cause: Ending): void {
    if (this.#phase === "live") this.#stop.resolve(cause);
  }

  /**
   * Leaves the container to the next gateway, its programs standing still; resolves when all that
   * they printed is in `output`. Viewers lose their connection.
   */
  async leave(): Promise<void> {
    if (this.#phase === "ending") await this.gone.catch(() => {}); // its end has been logged
    if (this.#phase !== "live") return;
    this.#phase = "left";
    this.#quiet();
    this.#viewers.end("comeBack");
    this.guests.end("comeBack");
    await this.#attachment.leave();
  }

  /** Takes note of what befell the container from outside. */
  note(kind: Incident["kind"]): void {
    switch (kind) {
      case "oom":
      case "kill":
        return this.#exitReason.note(kind);
      case "pause":
      case "unpause":
        return this.#pauses.note(kind);
      default:
        kind satisfies never;
    }
  }

  #hear(news: AttachmentNews): void {
    switch (news) {
      case "broken":
        return this.#pauses.note("pause");
      case "joined":
        return this.#pauses.note("unpause");
      case "gap":
        this.guests.end("comeBack");
        return this.#viewers.end("comeBack");
      default:
        news satisfies never;
    }
  }

  async #untilEnd(): Promise<Ending> {
    const stopped = this.#stop.promise;
    const told = this.#attachment.end.then((end) =>
      this.#phase === "left" ? new Promise<never>(() => {}) : this.#exitReason.tell(end)
    );
    return await Promise.race([stopped, told]);
  }

  async #close(): Promise<void> {
    this.#phase = "ending";
    this.#quiet();
    try {
      await this.#attachment[Symbol.asyncDispose]();
      await this.#parts.dispose();
    } finally {
      this.#phase = "gone";
      this.guests.finish(this.#parts.clock);
    }
  }

  #quiet(): void {
    this.#over.abort();
    this.#viewers[Symbol.dispose]();
    this.#lifetime[Symbol.dispose]();
    this.#pauses[Symbol.dispose]();
  }

  #expire(): void {
    const isIdle = this.#lifetime.over.reason === "idle";
    const { lasts: { idleTimeoutMs } } = this;
    this.end(isIdle ? withoutInput(idleTimeoutMs) : tooOld(this.#parts.times.maxLifetimeMs));
  }

  #warn(remainingMs: number): void {
    this.#viewers.emit({ type: "idle", remaining: Math.ceil(remainingMs / 1000) });
  }
}
