/** What is sent to a client: a session's output as its viewer has it, or as a guest does. */

/** Where a client goes on after output that it does not get. */
export interface Skipped {
  readonly to: number;
  /** What sets a terminal that was reset as output from there on needs it; absent where it need not. */
  readonly modes?: string;
}

/** One client's side of the output; see {@linkcode Output}. */
export interface Source {
  /** The offset of the next byte to come. */
  readonly end: number;
  /** Whether all output has come. */
  readonly closed: boolean;
  /** Whether output comes that is not waited for. */
  readonly overruns: boolean;
  /** Calls back at once whenever something changes. */
  listen(listener: () => void): Disposable;
  /** How much more may be sent to a client that was sent so much. */
  allowance(sent: number): number;
  /** Whether a client that was sent so much passes over some output. */
  skips(sent: number): boolean;
  skip(sent: number): Skipped;
  /** A view, good until more output comes. */
  peek(offset: number, maxBytes: number): Uint8Array<ArrayBuffer>;
  /** @throws {FrameError} when it names output that was never sent */
  ack(offset: number, sent: number): void;
  /** @returns whether it overruns now, until `settle`, which returns how much of it was not read */
  interrupt(bytes?: number): boolean;
  settle(): number;
}
