/** What the person typed or pasted, on its way to the shell: each byte once, in order. */
/// <reference lib="dom" />
import { InputQueue } from "../lib/protocol/input_queue.ts";
import type { Connection } from "./connection.ts";

/** How soon to look again whether the network takes more input. */
const PUMP_MS = 10;

/** How many answers go together, when a program asks much at once: each message costs the server. */
const ANSWERS_CHARACTERS = 2 * 1024;

/** Hands what the person types to the connection that is ready, no faster than the network takes it. */
export class Typing {
  readonly #queue = new InputQueue();
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those of this turn. */
  #answers = "";

  /** @returns false, with nothing taken, when too much waits already */
  type(bytes: Uint8Array): boolean {
    const taken = this.#queue.push(bytes);
    this.#pump();
    return taken;
  }

  /** Answers a program for the terminal, unless much waits already. */
  answer(data: string): void {
    if (this.#answers === "") queueMicrotask(() => this.#sendAnswers());
    this.#answers += data;
    if (this.#answers.length >= ANSWERS_CHARACTERS) this.#sendAnswers();
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
    this.#answers = "";
    this.#queue.clear();
  }

  #sendAnswers(): void {
    this.#queue.push(textBytes(this.#answers), "answer");
    this.#answers = "";
    this.#pump();
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

const utf8 = new TextEncoder();

/** The bytes of an xterm `onData` string. */
export function textBytes(data: string): Uint8Array {
  return utf8.encode(data);
}

/** The bytes of an xterm `onBinary` string, in which each character stands for one byte. */
export function binaryBytes(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0));
}
