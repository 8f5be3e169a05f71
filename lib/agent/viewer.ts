/** A viewer of a session without a WebSocket of its client's: output waits here until it is asked for. */
import { Buffer } from "node:buffer";
import { abortable, whenAborted } from "../clock.ts";
import {
  CLOSE,
  decodeServerFrame,
  encodeAck,
  encodeInput,
  encodeResize,
  PAYLOAD_BYTES,
} from "../protocol/frame.ts";
import type { TerminalEvent, Winsize } from "../types.ts";
import { NearSocket, type Serve } from "./near_socket.ts";

type Event<T extends TerminalEvent["type"]> = Extract<TerminalEvent, { type: T }>;

/** More than a session leaves unacknowledged: what waits here has no other bound. */
const WAITING_BYTES = 2 * 1024 * 1024;
/** What of a client's waits for the agent, beyond what the agent itself takes ahead. */
const SENT_BYTES = 1024 * 1024;

/** Output from an offset on. */
export interface Output {
  /** Where it begins, which is later than what was asked for where output is missing. */
  readonly from: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a viewer is over. */
export type ViewerEnd =
  | { readonly why: "ended"; readonly event: Event<"ended"> }
  /** Its connection is: the session may go on. */
  | { readonly why: "closed"; readonly code: number };

/** Disposing it closes its connection; the session goes on without a viewer. */
export class PlainViewer implements Disposable {
  readonly ready: Promise<Event<"ready">>;
  readonly #socket: NearSocket;
  readonly #told: (event: TerminalEvent) => void;
  readonly #ready = Promise.withResolvers<Event<"ready">>();
  #pieces: Uint8Array[] = [];
  /** The offset of the first byte that waits, and of the next one to come. */
  #from = 0;
  #next = 0;
  /** The number of the next byte of input, and of the next one that the session has not. */
  #typed = 0;
  #arrived = 0;
  #end: ViewerEnd | null = null;
  /** Something came, or it is over. */
  #changed = Promise.withResolvers<void>();

  /** @param told hears of events that are no matter of its own, such as what an administrator says */
  constructor(serve: Serve, told: (event: TerminalEvent) => void = () => {}) {
    this.#told = told;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // who waits for it is told
    this.#socket = new NearSocket(serve, {
      message: (message) => this.#take(message),
      closed: (code, error) => {
        if (error !== undefined) this.#ready.reject(error);
        this.#finish({ why: "closed", code });
      },
    });
  }

  /** How it is over; null while it is not. */
  get end(): ViewerEnd | null {
    return this.#end;
  }

  /** The number of the next byte of input that the session expects. */
  get typed(): number {
    return this.#typed;
  }

  /**
   * The output from an offset on, once there is any; null where none came while it was waited for.
   * What came before the offset is acknowledged by that, and is gone.
   */
  async read(offset: number, wait: AbortSignal): Promise<Output | null> {
    this.#drop(offset);
    while (this.#from === this.#next && this.#end === null && !wait.aborted) {
      await this.#change(wait);
    }
    this.#drop(offset);
    if (this.#from === this.#next) return null;
    return { from: this.#from, bytes: new Uint8Array(Buffer.concat(this.#pieces)) };
  }

  /**
   * Types, from a number on; what has been typed already is not typed twice. Resolves once the session
   * has it.
   *
   * @returns false where input before that number is missing, or it is over
   * @throws {Error} when it took too long, or too much waits already
   */
  async write(at: number, bytes: Uint8Array, wait: AbortSignal): Promise<boolean> {
    if (at > this.#typed) return false;
    if (this.#socket.unsentBytes > SENT_BYTES) throw new Error("too much input waits");
    const rest = bytes.subarray(Math.min(bytes.length, this.#typed - at));
    for (let i = 0; i < rest.length; i += PAYLOAD_BYTES) {
      this.#send(encodeInput(rest.subarray(i, i + PAYLOAD_BYTES)));
    }
    this.#typed += rest.length;
    const until = at + bytes.length;
    if (this.#arrived < until) this.#send(encodeInput(new Uint8Array())); // asks how far it is
    while (this.#arrived < until && this.#end === null) {
      wait.throwIfAborted();
      await this.#change(wait);
    }
    return this.#arrived >= until;
  }

  resize(winsize: Winsize): void {
    this.#send(encodeResize(winsize));
  }

  [Symbol.dispose](): void {
    this.#finish({ why: "closed", code: CLOSE.ended });
    this.#socket[Symbol.dispose]();
  }

  async #change(wait: AbortSignal): Promise<void> {
    await abortable(this.#changed.promise, wait).catch(() => {});
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #drop(offset: number): void {
    const before = this.#from;
    while (this.#pieces.length > 0 && this.#from < offset) {
      const [piece] = this.#pieces as [Uint8Array];
      const dropped = Math.min(piece.length, offset - this.#from);
      this.#from += dropped;
      if (dropped === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(dropped);
    }
    if (this.#from > before) this.#send(encodeAck(this.#from));
  }

  #send(message: Uint8Array): void {
    if (this.#socket.unsentBytes > 2 * SENT_BYTES) return this[Symbol.dispose]();
    if (this.#end === null) this.#socket.send(message);
  }

  #take(message: Uint8Array): void {
    const frame = decodeServerFrame(message);
    if (frame.type === "output") {
      this.#pieces.push(new Uint8Array(frame.bytes));
      this.#next += frame.bytes.length;
      if (this.#next - this.#from > WAITING_BYTES) this[Symbol.dispose]();
      return this.#tell();
    }
    const { event } = frame;
    switch (event.type) {
      case "ready":
        this.#from = this.#next = event.offset;
        this.#typed = this.#arrived = event.input;
        this.#ready.resolve(event);
        break;
      case "alive":
        this.#arrived = event.input;
        this.#tell();
        break;
      case "skip": // an offset ahead of what waits would be no offset of it
        this.#pieces = [];
        this.#from = this.#next = event.to;
        this.#send(encodeAck(event.to));
        break;
      case "ended":
        this.#finish({ why: "ended", event });
        break;
      default:
        this.#told(event);
    }
  }

  #finish(end: ViewerEnd): void {
    this.#end ??= end;
    this.#ready.reject(new ViewerOverError(this.#end));
    this.#tell();
  }
}

/** There is no session, or none any more. */
export class ViewerOverError extends Error {
  override readonly name = "ViewerOverError";

  constructor(readonly end: ViewerEnd) {
    super("The viewer is over");
  }
}

/** A viewer whose session is there; with a client that goes before that, it goes as well. */
export async function readyViewer(
  serve: Serve,
  gone: AbortSignal,
  told?: (event: TerminalEvent) => void,
): Promise<{ session: string; viewer: PlainViewer }> {
  const viewer = new PlainViewer(serve, told);
  const leave = () => viewer[Symbol.dispose]();
  using _gone = whenAborted(gone, leave);
  try {
    const { session } = await viewer.ready;
    return { session, viewer };
  } catch (error) {
    leave();
    throw error;
  }
}
