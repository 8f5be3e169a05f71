/** A client's side of a command without a terminal, over whatever carries its messages. */
import type { TerminalEvent } from "../types.ts";
import { encodeAck, encodeInput, PAYLOAD_BYTES } from "./frame.ts";
import {
  decodeRunServerFrame,
  encodeCommand,
  encodeEnd,
  encodeSignal,
  RUN_INPUT_BYTES,
} from "./run_frame.ts";

/** How it ended. */
export type RunEnd =
  | { readonly why: "ended"; readonly event: Extract<TerminalEvent, { type: "ended" }> }
  /** Its connection did before. */
  | { readonly why: "closed"; readonly code: number };

export interface RunUser {
  /** Sends a message; what waits is bounded by what is acknowledged. */
  send(message: Uint8Array<ArrayBuffer>): void;
  /** Resolves when that is dealt with. The bytes are the callee's. */
  show(what: "output" | "errors", bytes: Uint8Array): Promise<void>;
}

export class RunClient {
  /** Resolves once it has ended and all that it said is shown. */
  readonly done: Promise<RunEnd>;
  readonly #user: RunUser;
  readonly #done = Promise.withResolvers<RunEnd>();
  #showing: Promise<void> = Promise.resolve();
  #shown = 0;
  #sent = 0;
  #taken = 0;
  #phase: "open" | "over" = "open";
  /** More input was taken, or it is over. */
  #changed = Promise.withResolvers<void>();

  constructor(user: RunUser) {
    this.#user = user;
    this.done = this.#done.promise;
  }

  /** Says what is to run; the first thing to be said. @throws {FrameError} where it is too long */
  begin(command: readonly string[]): void {
    this.#user.send(encodeCommand(command));
  }

  /** Takes a message of the server's. @throws {FrameError} */
  receive(message: Uint8Array): void {
    const frame = decodeRunServerFrame(message);
    switch (frame.type) {
      case "output":
      case "errors":
        return this.#show(frame.type, frame.bytes.slice());
      case "taken":
        this.#taken = frame.offset;
        return this.#tell();
      case "event":
        if (frame.event.type === "ended") this.#finish({ why: "ended", event: frame.event });
    }
  }

  /** The connection is over. */
  closed(code: number): void {
    this.#finish({ why: "closed", code });
  }

  /** Resolves when all of it is on its way, or it is over; what is written waits for that. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      while (this.#phase === "open" && this.#room === 0) await this.#changed.promise;
      if (this.#phase !== "open") return;
      const piece = bytes.subarray(at, at + Math.min(PAYLOAD_BYTES, this.#room));
      at += piece.length;
      this.#sent += piece.length;
      this.#user.send(encodeInput(piece));
    }
  }

  /** Says that there is no more input. */
  end(): void {
    if (this.#phase === "open") this.#user.send(encodeEnd());
  }

  /** Sends a signal, by its name without SIG. */
  signal(name: string): void {
    if (this.#phase === "open") this.#user.send(encodeSignal(name));
  }

  get #room(): number {
    return Math.max(0, RUN_INPUT_BYTES - (this.#sent - this.#taken));
  }

  #show(what: "output" | "errors", bytes: Uint8Array): void {
    this.#showing = this.#showing.then(async () => {
      await this.#user.show(what, bytes);
      this.#shown += bytes.length;
      if (this.#phase === "open") this.#user.send(encodeAck(this.#shown));
    });
    this.#showing.catch(() => {}); // told by `done`
  }

  #finish(end: RunEnd): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#showing.then(() => this.#done.resolve(end), (error) => this.#done.reject(error));
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
