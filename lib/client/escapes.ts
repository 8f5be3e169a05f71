/** What is typed into a remote shell, and what is meant for its client: `~.` and `~?`; pure. */

const TILDE = 0x7e, DOT = 0x2e, QUESTION = 0x3f, RETURN = 0x0d, NEWLINE = 0x0a;

/** What the person wants of the client. */
export type Wish = "leave" | "help";

/** Finds escapes at the beginnings of lines, as ssh(1) does. */
export class Escapes {
  /** line: at the beginning of one; tilde: one came there; text: elsewhere. */
  #phase: "line" | "tilde" | "text" = "line";

  /** @returns what is for the shell, and what is wished, in the order that it was typed */
  take(typed: Uint8Array): readonly (Uint8Array | Wish)[] {
    const found: (Uint8Array | Wish)[] = [];
    let text: number[] = [];
    const tell = (wish: Wish) => {
      if (text.length > 0) found.push(Uint8Array.from(text));
      text = [];
      found.push(wish);
    };
    for (const byte of typed) {
      if (this.#phase === "tilde") {
        this.#phase = "text";
        if (byte === DOT) {
          tell("leave");
          continue;
        }
        if (byte === QUESTION) {
          tell("help");
          this.#phase = "line";
          continue;
        }
        text.push(TILDE);
        if (byte === TILDE) continue; // twice is one
      } else if (this.#phase === "line" && byte === TILDE) {
        this.#phase = "tilde";
        continue;
      }
      text.push(byte);
      this.#phase = byte === RETURN || byte === NEWLINE ? "line" : "text";
    }
    if (text.length > 0) found.push(Uint8Array.from(text));
    return found;
  }
}
