/** A terminal on a gateway, followed over connections that break, until it ends. */
import {
  CLOSE,
  decodeServerFrame,
  encodeAck,
  encodeInput,
  encodeResize,
} from "../protocol/frame.ts";
import { InputQueue } from "../protocol/input_queue.ts";
import type { TerminalEvent, Winsize } from "../types.ts";

type Event<T extends TerminalEvent["type"]> = Extract<TerminalEvent, { type: T }>;

/** How soon it is tried again, and for how long: longer than sessions usually outlive their viewers. */
const AGAIN_MS = [100, 200, 400, 800, 1_500, 3_000], GIVE_UP_MS = 10 * 60_000;
/** How soon to look again whether the network takes more input, and how much it holds meanwhile. */
const PUMP_MS = 10, UNSENT_BYTES = 256 * 1024;

/** What it is told, and tells. */
export interface TerminalUser {
  /** Opens a connection; the query says what is wanted. */
  connect(query: Readonly<Record<string, string | number>>): WebSocket;
  /** Resolves when the output is shown. */
  show(bytes: Uint8Array): Promise<void>;
  /** The connection is lost, or there again. */
  changed(state: "lost" | "back"): void;
  /** Something is told beside the output. */
  told(event: TerminalEvent): void;
}

/** How it is over for this client. */
export type Outcome =
  | { readonly how: "ended"; readonly event: Event<"ended"> }
  | { readonly how: "left"; readonly session: string | null }
  /** As the sentence says; null where nothing was opened, and a WebSocket does not tell why. */
  | { readonly how: "failed"; readonly why: string | null };

const WHY: Readonly<Record<number, string>> = {
  [CLOSE.loginEnded]: "your login ended; run 'ttygate login' again",
  [CLOSE.noSuchSession]: "this session is gone",
  [CLOSE.takenOver]: "another window took this session over",
  [CLOSE.protocolError]: "the gateway did not understand this client; are their versions the same?",
};

export class RemoteTerminal {
  readonly #user: TerminalUser;
  readonly #wish: Readonly<Record<string, string | number>>;
  readonly #input = new InputQueue();
  readonly #left = new AbortController();
  #winsize: Winsize;
  #socket: WebSocket | null = null;
  #session: string | null;
  /** The offset of the next byte of output, and as which viewer it came last. */
  #offset = 0;
  #viewer: number | null = null;
  #isReady = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is shown, one after the other. */
  #showing: Promise<void> = Promise.resolve();

  /** @param wish what a new session shall be, or `session` to come back to one */
  constructor(
    user: TerminalUser,
    winsize: Winsize,
    wish: Readonly<Record<string, string | number>> = {},
  ) {
    this.#user = user;
    this.#winsize = winsize;
    const { session = null, ...rest } = wish;
    this.#session = session === null ? null : `${session}`;
    this.#wish = rest;
  }

  get session(): string | null {
    return this.#session;
  }

  /** Follows it to its end. */
  async follow(): Promise<Outcome> {
    let lostMs: number | null = null;
    let attempt = 0;
    while (!this.#left.signal.aborted) {
      const outcome = await this.#connectOnce();
      await this.#showing;
      if (outcome !== null) return outcome;
      if (this.#left.signal.aborted) break;
      if (this.#session === null) return failed(null);
      if (this.#isReady) {
        attempt = 0;
        lostMs = null;
      }
      this.#isReady = false;
      if (lostMs === null) {
        lostMs = performance.now();
        this.#user.changed("lost");
      } else if (performance.now() - lostMs > GIVE_UP_MS) return failed("the connection is lost");
      await this.#wait(AGAIN_MS[Math.min(attempt++, AGAIN_MS.length - 1)]!);
    }
    return { how: "left", session: this.#session };
  }

  type(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.#pump();
  }

  resize(winsize: Winsize): void {
    this.#winsize = winsize;
    if (this.#isReady) this.#socket?.send(encodeResize(winsize));
  }

  /** Leaves the session to itself. */
  leave(): void {
    this.#left.abort();
    this.#socket?.close();
  }

  /** One connection; null where it broke. */
  #connectOnce(): Promise<Outcome | null> {
    const { promise, resolve } = Promise.withResolvers<Outcome | null>();
    const back = this.#session === null ? this.#wish : {
      session: this.#session,
      offset: this.#offset,
      ...(this.#viewer !== null && { viewer: this.#viewer }),
    };
    const socket = this.#socket = this.#user.connect({ ...this.#winsize, ...back });
    let end: Outcome | null = null;
    socket.onmessage = ({ data }) => {
      const frame = decodeServerFrame(new Uint8Array(data));
      if (frame.type === "output") this.#show(frame.bytes, socket);
      else if (frame.event.type === "ended") end = { how: "ended", event: frame.event };
      else this.#hear(frame.event);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(this.#timer);
      const why = WHY[code];
      resolve(end ?? (why === undefined ? null : failed(why)));
    };
    return promise;
  }

  #hear(event: TerminalEvent): void {
    if (event.type === "ready") this.#ready(event);
    if (event.type === "skip") this.#offset = event.to;
    this.#user.told(event);
  }

  #ready(event: Event<"ready">): void {
    const isBack = this.#session !== null && this.#viewer !== null;
    this.#session = event.session;
    this.#viewer = event.viewer;
    this.#offset = event.offset;
    this.#isReady = true;
    this.#input.ready(event.input, event.viewer);
    if (isBack) this.#user.changed("back");
    this.#pump();
  }

  #show(bytes: Uint8Array, socket: WebSocket): void {
    const offset = this.#offset += bytes.length;
    const shown = new Uint8Array(bytes);
    this.#showing = this.#showing.then(async () => {
      await this.#user.show(shown);
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeAck(offset));
    });
  }

  #pump(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!this.#isReady || socket?.readyState !== WebSocket.OPEN) return;
    while (!this.#input.empty) {
      if (socket.bufferedAmount > UNSENT_BYTES) {
        this.#timer = setTimeout(() => this.#pump(), PUMP_MS);
        return;
      }
      const piece = this.#input.take();
      if (piece !== undefined) socket.send(encodeInput(piece));
    }
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#left.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
    return promise;
  }
}

function failed(why: string | null): Outcome {
  return { how: "failed", why };
}
