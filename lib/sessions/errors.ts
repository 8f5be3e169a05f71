/** What can go wrong with a session, in words for the person who waits for it. */

/** The engine did not do what was asked of it. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(
    message: string,
    options: ErrorOptions & {
      /** What it answered: nothing, that what is asked about does not exist, or something else. */
      readonly answer: EngineAnswer;
    },
  ) {
    super(message, options);
    this.answer = options.answer;
  }

  readonly answer: EngineAnswer;
}

/** How a call to the engine failed. */
export type EngineAnswer = "none" | "missing" | "refused";

/** Takes it that what an engine denies is over: what stands still has no programs. @throws the rest */
export function whereItIsOver(error: unknown): false {
  if (error instanceof EngineError && error.answer !== "none") return false;
  throw error;
}

/** A session is refused because a limit on their number is reached. */
export class LimitError extends Error {
  override readonly name = "LimitError";

  /** @param limit whose limit: the server's, where a place may get free any time, or the user's own */
  constructor(message: string, readonly limit: "server" | "user") {
    super(message);
  }
}

/** A session is refused because the gateway is going down, or is being drained. */
export class ShutdownError extends Error {
  override readonly name = "ShutdownError";

  /** @param followed whether another gateway follows at once, which would not refuse it */
  constructor(message: string, readonly followed = false) {
    super(message);
  }
}

/** What is asked for is not offered here. */
export class NotOfferedError extends Error {
  override readonly name = "NotOfferedError";
}
