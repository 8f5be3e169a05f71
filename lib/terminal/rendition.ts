/** How a program's text looks (SGR, ECMA-48 8.3.117): of all it said, what still holds; pure. */

/** What a parameter turns off; any other turns on what it is about. */
const OFF: Readonly<Record<number, readonly string[]>> = {
  22: ["1", "2"],
  23: ["3"],
  24: ["underline"],
  25: ["5", "6"],
  27: ["7"],
  28: ["8"],
  29: ["9"],
  39: ["foreground"],
  49: ["background"],
  55: ["53"],
  59: ["58"],
};

/** These take a colour: `5;n` or `2;r;g;b`. */
const COLOURS = [38, 48, 58];

/** What was said is taken in when it is so much: most of it is taken back before. */
const UNREAD_BYTES = 256;
const ZERO = 0x30, SEMICOLON = 0x3b;

const latin1 = new TextDecoder("latin1");

export class Rendition {
  /** Parameters by what they are about. */
  readonly #on = new Map<string, string>();
  /** Parameters that came after those. */
  readonly #unread = new Uint8Array(UNREAD_BYTES);
  #unreadBytes = 0;

  /** Takes the parameters of one SGR: those bytes, as they were written. */
  take(bytes: Uint8Array, from: number, to: number): void {
    if (to === from || to === from + 1 && bytes[from] === ZERO) return this.clear();
    if (this.#unreadBytes + to - from + 1 > UNREAD_BYTES) this.#readAll();
    let length = this.#unreadBytes;
    if (length > 0) this.#unread[length++] = SEMICOLON;
    for (let at = from; at < to && length < UNREAD_BYTES; at++) this.#unread[length++] = bytes[at]!;
    this.#unreadBytes = length;
  }

  clear(): void {
    this.#unreadBytes = 0;
    if (this.#on.size > 0) this.#on.clear(); // which takes memory even where there is nothing
  }

  /** What says it again; "" for text that looks as usual. */
  get text(): string {
    this.#readAll();
    return this.#on.size === 0 ? "" : `\x1b[${[...this.#on.values()].join(";")}m`;
  }

  #readAll(): void {
    if (this.#unreadBytes === 0) return;
    const all = latin1.decode(this.#unread.subarray(0, this.#unreadBytes)).split(";");
    this.#unreadBytes = 0;
    for (let i = 0; i < all.length; i++) {
      let whole = all[i]!;
      const number = parseInt(whole || "0"); // what follows it, or a colon, is its own
      if (COLOURS.includes(number) && whole.length === 2) {
        const length = all[i + 1] === "5" ? 3 : all[i + 1] === "2" ? 5 : 1;
        whole = all.slice(i, i + length).join(";");
        i += length - 1;
      }
      const off = whole === "4:0" ? OFF[24] : OFF[number];
      if (number === 0) this.#on.clear();
      else if (off) off.forEach((about) => this.#on.delete(about));
      else this.#turnOn(aboutOf(number), whole);
    }
  }

  #turnOn(about: string | null, parameter: string): void {
    if (about !== null) this.#on.set(about, parameter);
  }
}

/** What a parameter is about; null for one without a meaning. */
function aboutOf(number: number): string | null {
  if (number === 4 || number === 21) return "underline";
  if (number <= 9 || number === 53 || number === 58) return String(number);
  if (number >= 30 && number <= 38 || number >= 90 && number <= 97) return "foreground";
  if (number >= 40 && number <= 48 || number >= 100 && number <= 107) return "background";
  return null;
}
