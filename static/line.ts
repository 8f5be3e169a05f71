/** The line to a session: its connection, what is typed into it, and whether the other side is there. */
/// <reference lib="dom" />
import type { TerminalEvent, Winsize } from "../lib/types.ts";
import { Connection, type ConnectionListener } from "./connection.ts";
import { after } from "./hidden.ts";
import { Typing } from "./input.ts";
import { Pulse } from "./pulse.ts";
import { outputCame } from "./terminal/frames.ts";

type Ready = Extract<TerminalEvent, { type: "ready" }>;

/** What a line tells its owner. */
export interface LineListener {
  /** The other side does not answer, or does after all. */
  silent(): void;
  answered(): void;
  /** The connection is to be given up. */
  lost(): void;
  /** How long the other side took to answer. */
  roundTrip(ms: number): void;
}

export class Line {
  readonly #listener: LineListener;
  readonly #typing = new Typing();
  readonly #pulse: Pulse;
  #connection: Connection | undefined;
  /** When the other side was asked for a word that has not come. */
  #askedMs: number | null = null;

  constructor(listener: LineListener) {
    this.#listener = listener;
    this.#pulse = new Pulse({ now: () => performance.now(), after }, {
      ask: () => this.#ask(),
      unanswered: () => listener.silent(),
      answered: () => listener.answered(),
      lost: () => listener.lost(),
    });
  }

  /** Connects; the listener hears nothing of a connection before this one any more. */
  open(url: URL, winsize: Winsize, listener: ConnectionListener): Connection {
    return this.#connection = new Connection(url, winsize, {
      event: (event) => {
        this.#pulse.heard();
        if (event.type === "alive") this.#answered();
        listener.event(event);
      },
      output: (bytes) => {
        this.#pulse.heard();
        outputCame(bytes.length);
        listener.output(bytes);
      },
      closed: listener.closed,
    });
  }

  /** The session is there; returns how many bytes of input were lost on the way. */
  ready({ input, viewer }: Ready): number {
    this.#pulse.start();
    this.#ask(); // to see how long an answer takes
    return this.#connection === undefined
      ? 0
      : this.#typing.resume(this.#connection, input, viewer);
  }

  /** Asks whether the other side is there, as it may not be: after a sleep, or a change of networks. */
  check(): void {
    this.#pulse.check();
  }

  /** @returns false, with nothing taken, when too much waits already */
  type(bytes: Uint8Array): boolean {
    const taken = this.#typing.type(bytes);
    this.#pulse.typed();
    return taken;
  }

  /** Answers a program for the terminal. */
  answer(data: string): void {
    this.#typing.answer(data);
  }

  /** Asks for the session to be kept, as if something had been typed. */
  keep(): void {
    this.#connection?.keep();
  }

  /** Has the session kept for so many seconds while nobody is there. */
  detach(seconds: number): void {
    this.#connection?.detach(seconds);
  }

  resize(winsize: Winsize): void {
    this.#connection?.resize(winsize);
  }

  /** Nothing more is sent; what is typed waits. */
  pause(): void {
    this.#pulse.stop();
    this.#typing.pause();
  }

  /** Pauses, and closes the connection. */
  hangUp(): void {
    this.pause();
    this.#connection?.close();
    this.#connection = undefined;
    this.#askedMs = null;
  }

  /** Nothing that was typed is sent any more. */
  clear(): void {
    this.#typing.clear();
  }

  /** Waits until the server has closed the connection; see {@linkcode Connection.finish}. */
  async finish(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.finish();
  }

  #ask(): void {
    this.#askedMs = performance.now();
    this.#connection?.ask();
  }

  #answered(): void {
    if (this.#askedMs !== null) this.#listener.roundTrip(performance.now() - this.#askedMs);
    this.#askedMs = null;
  }
}
