/** The session that the screen shows: what came of its output, what is drawn and acknowledged. */
import type { TerminalEvent } from "../lib/types.ts";
import { Offsets } from "./offsets.ts";
import type { Screen } from "./screen.ts";
import type { KeptTab } from "./tabs/kept.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;

/** How many processes a shell is that does nothing: itself, and Docker's init before it. */
const SHELL_PIDS = 2;

export class ShownSession {
  readonly id: string;
  readonly #screen: Screen;
  #offsets = new Offsets(0);
  /**
   * Up to which offset a page has drawn the output before: the questions that programs asked in it
   * are answered, and a second answer would be typed into the shell.
   */
  #drawnBefore: number;
  #viewer: number | undefined;
  /** How many seconds it outlives this page; null while that is not known. */
  #graceS: number | null = null;
  /** For how many seconds the person wants it kept while they are away, and the most that may be. */
  keptS = 0;
  detachMaxS = 0;
  /** When it began, by the clock of `performance.now`; null while that is not known. */
  #bornMs: number | null = null;
  /** How many processes there are, as far as is known. */
  pids = 0;

  /** `drawnBefore` is an offset; see {@linkcode ShownSession.drawn}. */
  constructor(id: string, screen: Screen, drawnBefore = 0) {
    this.id = id;
    this.#screen = screen;
    this.#drawnBefore = drawnBefore;
  }

  /** Which viewer of the session this page was last; undefined before it was one. */
  get viewer(): number | undefined {
    return this.#viewer;
  }

  /** The offset of the next output byte. */
  get next(): number {
    return this.#offsets.next;
  }

  /** Up to where the output has been drawn, on this page or one before it. */
  get drawn(): number {
    return Math.max(this.#drawnBefore, this.#offsets.drawn);
  }

  /** Whether the questions in what is being drawn were answered when it was drawn before. */
  get isAnswered(): boolean {
    return this.#offsets.drawn < this.#drawnBefore;
  }

  /** The output goes on at an offset; what is missing before it is not kept any more. */
  continue({ offset, seen, viewer, grace, kept, detachMax, modes, age }: Ready): void {
    this.#bornMs = age === undefined ? null : performance.now() - age * 1000;
    this.#graceS = grace ?? null;
    this.keptS = kept ?? 0;
    this.detachMaxS = detachMax ?? 0;
    const isGap = offset !== this.next;
    const isOther = viewer - 1 !== this.#viewer; // somebody else was there in between
    if (isGap || isOther) this.#drawnBefore = Math.max(this.#drawnBefore, seen);
    if (isGap) this.#screen.reset(modes);
    this.#viewer = viewer;
    this.#offsets = new Offsets(offset);
  }

  /** How many seconds ago it began; null where that is not known. */
  get ageS(): number | null {
    return this.#bornMs === null ? null : (performance.now() - this.#bornMs) / 1000;
  }

  /** Whether a program runs besides the shell, as far as is known. */
  get isBusy(): boolean {
    return this.#screen.isFull || this.#screen.marks.isRunning || this.pids > SHELL_PIDS;
  }

  /** What a page after this one needs to know of it. */
  get kept(): Omit<KeptTab, "name"> {
    return {
      id: this.id,
      offset: this.drawn,
      seenAt: Date.now(),
      graceS: this.#graceS && Math.max(this.#graceS, this.keptS),
    };
  }

  /** How many seconds it outlives its last viewer; null while that is not known. */
  get graceS(): number | null {
    return this.#graceS;
  }

  /** Draws output; `ack` is called with the offsets to acknowledge. */
  draw(bytes: Uint8Array, ack: (offset: number) => void): void {
    // What was drawn before and what was not are two things, though they come in one message.
    const oldBytes = Math.min(Math.max(0, this.#drawnBefore - this.next), bytes.length);
    for (const part of [bytes.subarray(0, oldBytes), bytes.subarray(oldBytes)]) {
      if (part.length > 0) {
        this.#advance(part.length, ack, (drawn) => this.#screen.write(part, drawn));
      }
    }
  }

  /** Passes over output that was dropped. */
  skip(bytes: number, ack: (offset: number) => void): void {
    this.#advance(bytes, ack, (drawn) => this.#screen.skip(drawn));
  }

  #advance(bytes: number, ack: (offset: number) => void, draw: (drawn: () => void) => void): void {
    const offsets = this.#offsets; // of the connection it came by
    offsets.received(bytes);
    draw(() => {
      const offset = offsets.rendered(bytes);
      if (offset !== null) ack(offset);
    });
  }
}
