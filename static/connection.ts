/** One WebSocket speaking the protocol `ttygate.v1`, from its opening to its close. */
/// <reference lib="dom" />
import {
  CLOSE,
  decodeServerFrame,
  encodeAck,
  encodeDetach,
  encodeInput,
  encodeKeep,
  encodeResize,
  FrameError,
  type ServerFrame,
  SUBPROTOCOL,
} from "../lib/protocol/frame.ts";
import type { TerminalEvent, Winsize } from "../lib/types.ts";
import { waitOrWake } from "./reconnect.ts";

/** The most input handed to the browser and not yet to the network. */
const BUFFERED_BYTES = 64 * 1024;

/** How long an opening may take, and then the first word on a session that is there already. */
const OPEN_MS = 10_000, FIRST_MS = 20_000;

/** How long the server may take to close after the end of a session. */
const CLOSING_MS = 3_000;

const NEVER = new AbortController().signal;

/** Where, and in what, a new terminal begins. */
export interface Wish {
  readonly image: string | null;
  readonly node: string | null;
  readonly machine: string | null;
}

const NO_WISH: Wish = { image: null, node: null, machine: null };

/**
 * Where the gateway below `base` opens a terminal: a new one, in an image, on a node or in a machine
 * where those are wished for, or one to come back to whose output is known up to an offset, as the viewer that the page was.
 */
export function terminalUrl(
  base: string,
  { cols, rows }: Winsize,
  session?: { readonly id: string; readonly next: number; readonly viewer: number | undefined },
  wish = NO_WISH,
): URL {
  const url = new URL(`${base}/terminal`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("cols", `${cols}`);
  url.searchParams.set("rows", `${rows}`);
  if (session !== undefined) {
    url.searchParams.set("session", session.id);
    url.searchParams.set("offset", `${session.next}`);
    if (session.viewer !== undefined) url.searchParams.set("viewer", `${session.viewer}`);
  } else {
    for (const [name, value] of Object.entries(wish)) {
      if (value !== null) url.searchParams.set(name, value);
    }
  }
  return url;
}

/** What a connection tells its owner; nothing comes after `closed`. */
export interface ConnectionListener {
  event(event: TerminalEvent): void;
  output(bytes: Uint8Array): void;
  /** `opened` is false when the gateway could not be reached or refused before the upgrade. */
  closed(code: number, opened: boolean): void;
}

export class Connection {
  readonly #socket: WebSocket;
  readonly #listener: ConnectionListener;
  #openTimer: ReturnType<typeof setTimeout>;
  #sent: Winsize;
  #winsize: Winsize;
  #opened = false;
  #closed = false;

  /** `winsize` is the one that `url` already tells. */
  constructor(url: URL, winsize: Winsize, listener: ConnectionListener) {
    this.#listener = listener;
    this.#sent = this.#winsize = winsize;
    const socket = this.#socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#opened = true;
      clearTimeout(this.#openTimer);
      // The start of a session may take its time.
      const isThere = url.searchParams.has("session");
      if (isThere) this.#openTimer = setTimeout(() => this.#lose(0), FIRST_MS);
      this.resize(this.#winsize);
    };
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = (close) => this.#lose(close.code);
    this.#openTimer = setTimeout(() => this.#lose(0), OPEN_MS);
  }

  /** Whether input may be sent now, or should wait for the network. */
  get writable(): boolean {
    return this.#open && this.#socket.bufferedAmount < BUFFERED_BYTES;
  }

  /** Sends at most `PAYLOAD_BYTES` to the shell. */
  input(bytes: Uint8Array): void {
    this.#socket.send(encodeInput(bytes));
  }

  /** Asks for the event `alive`. */
  ask(): void {
    if (this.#open) this.#socket.send(encodeInput(new Uint8Array()));
  }

  /** Asks for the session to be kept, as if something had been typed. */
  keep(): void {
    if (this.#open) this.#socket.send(encodeKeep());
  }

  /** Has the session kept for so many seconds while nobody is there. */
  detach(seconds: number): void {
    if (this.#open) this.#socket.send(encodeDetach(seconds));
  }

  /** Tells the window size, unless the server knows it already. */
  resize(winsize: Winsize): void {
    this.#winsize = winsize;
    if (!this.#open) return;
    if (winsize.cols === this.#sent.cols && winsize.rows === this.#sent.rows) return;
    this.#sent = winsize;
    this.#socket.send(encodeResize(winsize));
  }

  /** Tells up to where the output is rendered. */
  ack(offset: number): void {
    if (this.#open) this.#socket.send(encodeAck(offset));
  }

  /** Closes without telling the listener. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#openTimer);
    this.#socket.close();
  }

  /**
   * Waits until the server has closed: what its session held is free then. The listener hears
   * nothing more; where the server does not close, this side does.
   */
  async finish(): Promise<void> {
    this.#closed = true;
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.CLOSED) {
      await waitOrWake(CLOSING_MS, [{ target: socket, event: "close" }], NEVER);
    }
    socket.close();
  }

  get #open(): boolean {
    return !this.#closed && this.#socket.readyState === WebSocket.OPEN;
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    clearTimeout(this.#openTimer);
    let frame: ServerFrame;
    try {
      if (!(data instanceof ArrayBuffer)) throw new FrameError("a message is not binary");
      frame = decodeServerFrame(new Uint8Array(data));
    } catch (error) {
      console.error("Cannot read a message of the gateway:", error);
      return this.#lose(CLOSE.protocolError);
    }
    switch (frame.type) {
      case "output":
        return this.#listener.output(frame.bytes);
      case "event":
        return this.#listener.event(frame.event);
      default:
        frame satisfies never;
    }
  }

  #lose(code: number): void {
    if (this.#closed) return;
    this.close();
    this.#listener.closed(code, this.#opened);
  }
}
