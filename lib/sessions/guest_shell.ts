/** What a guest's client reaches of a session: its output, and its input where they may type. */
import { isAnswers } from "../terminal/answers.ts";
import type { ShellSide } from "../terminal/bridge.ts";
import { GuestOutput } from "../terminal/guest_output.ts";
import type { GuestRole } from "../types.ts";
import type { Session } from "./session.ts";

/** Of all else that a client may say nothing comes: size and time are for the session's own user. */
export class GuestShell implements ShellSide {
  readonly output: GuestOutput;
  /** How much input of this one connection it has dealt with. */
  inputBytes = 0;
  readonly #session: Session;
  readonly #types: boolean;

  /** @param offset up to where the guest has the output */
  constructor(session: Session, role: GuestRole, offset: number) {
    this.#session = session;
    this.#types = role === "type";
    this.output = new GuestOutput(session.output, offset);
  }

  /** The terminal of the session's user answers programs; theirs must not answer as well. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      if (!this.#types || isAnswers(bytes)) return;
      const either = AbortSignal.any([signal, this.#session.guests.interrupted]);
      await this.#session.write(bytes, either, "guest");
    } finally {
      this.inputBytes += bytes.length;
    }
  }

  resize(): void {}

  keep(): void {}

  detach(): void {}
}
