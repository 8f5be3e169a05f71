/** What the person types, handed to the connection that is ready, no faster than the network takes it. */
/// <reference lib="dom" />
import type { Connection } from "./connection.ts";
import { InputQueue } from "./input.ts";

/** How soon to look again whether the network takes more input. */
const PUMP_MS = 10;

export class Typing {
  readonly #queue = new InputQueue();
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @returns false, with nothing taken, when too much waits already */
  type(bytes: Uint8Array): boolean {
    const taken = this.#queue.push(bytes);
    this.#pump();
    return taken;
  }

  /** Goes on with a connection that is ready; see {@linkcode InputQueue.ready}. */
  resume(connection: Connection, arrived: number, viewer: number): number {
    const lostBytes = this.#queue.ready(arrived, viewer);
    this.#connection = connection;
    this.#pump();
    return lostBytes;
  }

  /** Keeps all input until `resume`. */
  pause(): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
  }

  /** Pauses and forgets everything, for another session. */
  clear(): void {
    this.pause();
    this.#queue.clear();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    if (connection === undefined) return;
    while (!this.#queue.empty) {
      if (!connection.writable) {
        this.#timer = setTimeout(() => this.#pump(), PUMP_MS);
        return;
      }
      const piece = this.#queue.take();
      if (piece !== undefined) connection.input(piece);
    }
  }
}
