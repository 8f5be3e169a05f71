/** What goes wrong between a client and a gateway elsewhere. */

/** The gateway does not do what was asked. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** Nobody answers, or nobody who is a gateway. */
export class AwayError extends Error {
  override readonly name = "AwayError";
}
