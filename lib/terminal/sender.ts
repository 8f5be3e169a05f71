/** Carries a session's output to one client, from the moment it comes to its acknowledgement. */
import { Bucket } from "../bucket.ts";
import type { Clock } from "../types.ts";
import { encodeEvent, encodeOutput, MESSAGE_BYTES, PAYLOAD_BYTES } from "../protocol/frame.ts";
import { OVERRUN_BYTES } from "./output.ts";
import { Pace, PLENTY_BYTES } from "./pace.ts";
import type { Source } from "./source.ts";

/** How long output is read without credit after an interrupt. */
const OVERRUN_MS = 1_000;
/** How much may be read so, by all interrupts: one takes little of it where the program obeys. */
const OVERRUN_RATES = { most: OVERRUN_BYTES, perSecond: OVERRUN_BYTES / 5 };
/** With less of it left an interrupt is no use: a fast program writes as much before it hears of it. */
const OVERRUN_LEAST_BYTES = 1024 * 1024;

/** Sends output from an offset on, as soon as it comes; disposing it stops it. */
export class Sender implements Disposable {
  /** Resolves when all output was sent and no more will come; stays pending when disposed before. */
  readonly end: Promise<void>;

  readonly #send: (message: Uint8Array) => Promise<void>;
  readonly #output: Source;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<void>();
  readonly #listening: Disposable;
  readonly #pace = new Pace();
  /** gathering: small output waits for more; sending: a message is on its way to the kernel. */
  #phase: "waiting" | "gathering" | "sending" | "over" = "waiting";
  /** The offset of the next byte to send. */
  #sent: number;
  #gatherTimer: Disposable | null = null;
  #overrunTimer: Disposable | null = null;
  readonly #overrun: Bucket;
  /** Holds messages while much is sent. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;

  /** @param send resolves when a message has left, and its bytes may change */
  constructor(
    send: (message: Uint8Array) => Promise<void>,
    output: Source,
    { from, clock }: { from: number; clock: Clock },
  ) {
    this.#send = send;
    this.#output = output;
    this.#clock = clock;
    this.#overrun = new Bucket(clock, OVERRUN_RATES);
    this.#sent = from;
    this.end = this.#ended.promise;
    this.#listening = output.listen(() => this.#advance());
    this.#advance();
  }

  /** Input was passed to the shell; one that interrupts lets output go that was not yet seen. */
  typed(interrupts: boolean): void {
    this.#endOverrun(); // what comes from now on may be the answer to this input
    const bytes = interrupts ? Math.floor(this.#overrun.level) : 0;
    if (bytes >= OVERRUN_LEAST_BYTES && this.#output.interrupt(bytes)) {
      this.#overrun.spend(bytes);
      this.#overrunTimer = this.#clock.timer(OVERRUN_MS, () => this.#endOverrun());
    }
    this.#pace.typed();
    if (this.#phase === "gathering") this.#advance();
  }

  /**
   * Takes the client's word for what it has rendered.
   *
   * @throws {FrameError} when it names output that was never sent
   */
  ack(offset: number): void {
    this.#output.ack(offset, this.#sent);
  }

  [Symbol.dispose](): void {
    this.#phase = "over";
    this.#listening[Symbol.dispose]();
    this.#gatherTimer?.[Symbol.dispose]();
    this.#endOverrun();
  }

  /** Sends what is to be sent now, if anything is; called back by others, so that it never throws. */
  #advance(): void {
    if (this.#phase === "sending" || this.#phase === "over") return;
    try {
      this.#sendMore();
    } catch (error) {
      this[Symbol.dispose]();
      this.#ended.reject(error);
    }
  }

  #sendMore(): void {
    const output = this.#output;
    const allowance = output.allowance(this.#sent);
    if (output.skips(this.#sent)) {
      // Where it ends is best known when the next byte can be sent, or the flood is over.
      if (allowance > 0 || !output.overruns) this.#skip();
      return;
    }
    const pending = Math.min(output.end - this.#sent, allowance);
    if (pending > 0) {
      const waitMs = output.closed ? 0 : this.#pace.waitMs(pending, this.#clock.now());
      if (waitMs > 0) this.#gather(waitMs);
      else this.#sendOutput(pending);
    } else if (output.closed && this.#sent === output.end) {
      this[Symbol.dispose]();
      this.#ended.resolve();
    }
  }

  #gather(waitMs: number): void {
    this.#phase = "gathering";
    this.#gatherTimer ??= this.#clock.timer(Math.ceil(waitMs), () => {
      this.#gatherTimer = null;
      this.#advance();
    });
  }

  #sendOutput(pending: number): void {
    this.#gatherTimer?.[Symbol.dispose]();
    this.#gatherTimer = null;
    const bytes = this.#output.peek(this.#sent, Math.min(pending, PAYLOAD_BYTES));
    this.#sent += bytes.length;
    this.#pace.sent(this.#clock.now());
    // One message is on its way at a time, so that a flood can use one buffer again and again.
    if (bytes.length < PLENTY_BYTES) this.#buffer = undefined;
    else this.#buffer ??= new Uint8Array(MESSAGE_BYTES);
    this.#transmit(encodeOutput(bytes, this.#buffer));
  }

  #skip(): void {
    this.#phase = "sending";
    const from = this.#sent;
    const skipped = this.#output.skip(from);
    this.#sent = skipped.to;
    this.#transmit(encodeEvent({ type: "skip", from, ...skipped }));
  }

  #transmit(message: Uint8Array): void {
    this.#phase = "sending";
    this.#send(message).then(() => {
      if (this.#phase === "over") return;
      this.#phase = "waiting";
      this.#advance();
    }, this.#ended.reject);
  }

  #endOverrun(): void {
    if (!this.#overrunTimer) return;
    this.#overrunTimer[Symbol.dispose]();
    this.#overrunTimer = null;
    this.#overrun.spend(-this.#output.settle());
  }
}
