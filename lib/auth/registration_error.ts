/** Why nobody was registered, or no password changed. */
import type { Weakness } from "./password.ts";

/** Why there is no account, by name. */
export type RegistrationFault =
  | "off"
  | "name"
  | "password"
  | Weakness
  | "taken"
  | "invite"
  | "tries"
  | "full"
  | "changed"
  | "unwritable";

/** Nobody was registered; the message says why and how to mend it. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";

  constructor(
    readonly fault: RegistrationFault,
    message: string,
    { retryAfterMs = 0, cause }: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }

  readonly retryAfterMs: number;
}
