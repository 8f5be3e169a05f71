/** A control connection: lines of JSON both ways, and signs of life. */
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import { Bucket, type BucketRates } from "../bucket.ts";
import { LINE_BYTES, PING_MS, SILENCE_MS } from "../protocol/nodes.ts";
import type { Clock } from "../types.ts";

const NEWLINE = 0x0a;

/** How a control connection is followed. */
export interface LinesParts<Line> {
  readonly connection: Duplex;
  readonly shape: v.GenericSchema<unknown, Line>;
  readonly clock: Clock;
  /** Called for each line, in order; what it throws ends the connection. */
  readonly onLine: (line: Line) => void;
  /** How many bytes the other side may say; it is made to wait beyond that. Without end unless given. */
  readonly rates?: BucketRates;
}

/** Disposing it ends the connection. */
export class Lines<Line> implements Disposable {
  /** Resolves when the connection is over, to why. */
  readonly over: Promise<string>;
  readonly #parts: LinesParts<Line>;
  readonly #ended = Promise.withResolvers<string>();
  readonly #allowance: Bucket;
  #rest = Buffer.alloc(0);
  #pause: Disposable | null = null;
  #ping: Disposable;
  #silence: Disposable;

  constructor(parts: LinesParts<Line>) {
    const { connection, clock, rates = { most: Infinity, perSecond: Infinity } } = this.#parts =
      parts;
    this.#allowance = new Bucket(clock, rates);
    this.over = this.#ended.promise;
    connection.on("error", () => connection.destroy());
    connection.on("end", () => this.#end("it hung up"));
    connection.on("close", () => this.#end("the connection was lost"));
    connection.on("data", (chunk: Uint8Array) => this.#take(chunk));
    connection.resume(); // it was paused at its opening
    this.#ping = clock.timer(PING_MS, () => this.#sayPing());
    this.#silence = this.#await();
    if (connection.destroyed) this.#end("the connection was lost");
  }

  /** Sends a line; one that does not take it is soon silent, and over. */
  say(line: unknown): void {
    const { connection } = this.#parts;
    if (connection.writable) connection.write(JSON.stringify(line) + "\n");
  }

  /** How much waits to be sent. */
  get waitingBytes(): number {
    return this.#parts.connection.writableLength;
  }

  [Symbol.dispose](): void {
    this.#end("it was closed here");
  }

  #take(chunk: Uint8Array): void {
    this.#silence[Symbol.dispose]();
    this.#silence = this.#await();
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let at; (at = this.#rest.indexOf(NEWLINE)) >= 0;) {
      const text = this.#rest.subarray(0, at).toString();
      this.#rest = this.#rest.subarray(at + 1);
      try {
        this.#parts.onLine(v.parse(this.#parts.shape, JSON.parse(text)));
      } catch (error) {
        return this.#end(`it said what is not understood: ${(error as Error).message}`);
      }
    }
    if (this.#rest.length > LINE_BYTES) return this.#end(`it said a line over ${LINE_BYTES} bytes`);
    const waitMs = this.#allowance.spend(chunk.length);
    if (waitMs > 0) this.#wait(waitMs);
  }

  /** Reads nothing for a while. */
  #wait(waitMs: number): void {
    const { connection, clock } = this.#parts;
    connection.pause();
    this.#pause = clock.timer(waitMs, () => {
      this.#silence[Symbol.dispose]();
      this.#silence = this.#await(); // it could not be heard
      connection.resume();
    });
  }

  #sayPing(): void {
    this.say({ type: "ping" });
    this.#ping = this.#parts.clock.timer(PING_MS, () => this.#sayPing());
  }

  #await(): Disposable {
    const why = `it was silent for ${SILENCE_MS / 1000} s`;
    return this.#parts.clock.timer(SILENCE_MS, () => this.#end(why));
  }

  #end(why: string): void {
    this.#ping[Symbol.dispose]();
    this.#silence[Symbol.dispose]();
    this.#pause?.[Symbol.dispose]();
    this.#rest = Buffer.alloc(0);
    this.#parts.connection.destroy();
    this.#ended.resolve(why);
  }
}
