/** One WebSocket speaking the protocol `ttygate.v1`, from its opening to its close. */
/// <reference lib="dom" />
import {
  CLOSE,
  decodeServerFrame,
  encodeAck,
  encodeInput,
  encodeResize,
  FrameError,
  type ServerFrame,
  SUBPROTOCOL,
} from "../lib/terminal/frame.ts";
import type { TerminalEvent, Winsize } from "../lib/types.ts";

/** The most input handed to the browser and not yet to the network. */
const BUFFERED_BYTES = 64 * 1024;

/** How long an opening may take. */
const OPEN_MS = 15_000;

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
  readonly #openTimer: ReturnType<typeof setTimeout>;
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
      this.resize(this.#winsize);
    };
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = (close) => this.#finish(close.code);
    this.#openTimer = setTimeout(() => this.#finish(0), OPEN_MS);
  }

  /** Whether input may be sent now, or should wait for the network. */
  get writable(): boolean {
    return this.#open && this.#socket.bufferedAmount < BUFFERED_BYTES;
  }

  /** Sends at most `PAYLOAD_BYTES` to the shell. */
  input(bytes: Uint8Array): void {
    this.#socket.send(encodeInput(bytes));
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

  get #open(): boolean {
    return !this.#closed && this.#socket.readyState === WebSocket.OPEN;
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    let frame: ServerFrame;
    try {
      if (!(data instanceof ArrayBuffer)) throw new FrameError("a message is not binary");
      frame = decodeServerFrame(new Uint8Array(data));
    } catch (error) {
      console.error("Cannot read a message of the gateway:", error);
      return this.#finish(CLOSE.protocolError);
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

  #finish(code: number): void {
    if (this.#closed) return;
    this.close();
    this.#listener.closed(code, this.#opened);
  }
}
