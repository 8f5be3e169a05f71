/** The terminal's modes as a program has set them, read from its output; pure. */
import { Rendition } from "./rendition.ts";

/** What is kept of one sequence: more than any but a long title has. */
const SEQUENCE_BYTES = 512;

const BEL = 0x07, SO = 0x0e, SI = 0x0f, CAN = 0x18, SUB = 0x1a, ESC = 0x1b;
const SPACE = 0x20, LESS = 0x3c, AT = 0x40, BRACKET = 0x5b, SMALL_M = 0x6d, DEL = 0x7f;

/**
 * The DEC private modes that are kept: cursor keys, looks, origin, wrap, cursor, keypad, mouse, focus,
 * paste, colour scheme. Not 2026, whose time is over when somebody comes back, and not 12, as the
 * page decides whether its cursor blinks.
 */
const KEPT = new Set([
  ...[1, 5, 6, 7, 25, 45, 66, 1004, 1007, 2004, 2031],
  ...[9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016],
]);
/** The modes that are on by themselves. */
const ON = new Set([7, 25]);
/** Of these the last one set holds, and to reset one resets all: the mouse's protocols, its reports. */
const TOGETHER = [[9, 1000, 1001, 1002, 1003], [1006, 1016]];
const ALTERNATE_SCREEN = [47, 1047, 1049];
/** What DECSTR leaves alone in xterm.js. */
const HARD = new Set(TOGETHER.flat());

/** Into which of the four character sets ESC and this byte put one, and what has one used. */
const SETS = "()*+";
const SHIFTS: Readonly<Record<string, number>> = { "n": 2, "o": 3, "|": 3, "}": 2, "~": 1 };
const SHIFT_TEXT = ["", "\x0e", "\x1bn", "\x1bo"];

/** Strings that end with ST: operating system commands (kept for titles), device controls and others. */
const STRINGS = "]PX^_";
/** The last bytes of the control sequences that are looked at. */
const FINALS = "hlrqp";
const CONTROL = /^([?>=<]?)([\d;:]*)([ !]?)(.)$/;
// deno-lint-ignore no-control-regex
const TITLE = /^\x1b\][02];/;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * Follows output and knows at each moment what would set another terminal as this one: modes, the
 * alternate screen, scroll region, character sets, cursor and text style, title. What is set in
 * C1 controls (ECMA-48 5.3) is not seen: in UTF-8 they take two bytes, and no program uses them.
 */
export class Modes {
  /** The sequence that is being received, from its ESC on, a character for each byte; "" in text. */
  #sequence = "";
  /** The private modes that are not as they are by themselves, in the order in which they were set. */
  readonly #private = new Map<number, "h" | "l">();
  /** The others: insert (4), new line (20). */
  readonly #ansi = new Set<number>();
  /** The mode by which the alternate screen was entered; null on the normal one. */
  #alternate: number | null = null;
  /** The scroll regions of the normal screen and of the alternate one; "" for all of it. */
  readonly #regions = { normal: "", alternate: "" };
  /** The character sets G0 to G3, and which of them is used. */
  #sets = ["B", "B", "B", "B"];
  #shift = 0;
  #cursorStyle = "";
  #title = "";
  readonly #rendition = new Rendition();

  /** @param text what {@linkcode Modes.text} said: begins with that */
  constructor(text = "") {
    this.read(encoder.encode(text));
  }

  /** Takes output, cut anywhere. */
  read(bytes: Uint8Array): void {
    const { length } = bytes;
    let at = this.#sequence === "" ? 0 : this.#readSequence(bytes, 0);
    while (at < length) {
      const byte = bytes[at++]!;
      if (byte > ESC || byte < SO) continue;
      if (byte === ESC) {
        const last = bytes[at] === BRACKET ? finalOf(bytes, at + 1) : -1;
        if (last >= 0) {
          this.#control(bytes, at + 1, last);
          at = last + 1;
        } else {
          this.#sequence = "\x1b";
          at = this.#readSequence(bytes, at);
        }
      } else if (byte <= SI) {
        this.#shift = byte === SO ? 1 : 0;
      }
    }
  }

  /** What sets a terminal that was reset; "" when there is nothing to say. */
  get text(): string {
    const { normal, alternate } = this.#regions;
    const region = (margins: string) => margins && `\x1b[${margins}r`;
    return [
      region(normal),
      this.#alternate !== null && `\x1b[?${this.#alternate}h` + region(alternate),
      ...[...this.#ansi].map((mode) => `\x1b[${mode}h`),
      ...[...this.#private].map(([mode, verb]) => `\x1b[?${mode}${verb}`),
      ...this.#sets.map((set, i) => set !== "B" && `\x1b${SETS[i]}${set}`),
      SHIFT_TEXT[this.#shift],
      this.#cursorStyle && `\x1b[${this.#cursorStyle} q`,
      this.#rendition.text,
      this.#title && `\x1b]2;${utf8(this.#title)}\x07`,
      // The output that follows ends it.
      utf8(this.#sequence),
    ].filter((part) => part).join("");
  }

  /** @returns where the sequence, or what there is of it, ends */
  #readSequence(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#sequence !== "") {
      const byte = bytes[at++]!;
      const kind = this.#sequence[1];
      const isString = kind !== undefined && STRINGS.includes(kind);
      if (byte === ESC) {
        if (isString) this.#endString();
        this.#sequence = "\x1b";
      } else if (byte === CAN || byte === SUB) {
        this.#sequence = "";
      } else if (isString) {
        if (byte === BEL && kind === "]") this.#endString();
        else if (byte >= SPACE) {
          if (kind === "]") this.#collect(byte);
          // What is not kept is passed over: images have megabytes of it.
          const isKept = kind === "]" && this.#sequence.length < SEQUENCE_BYTES;
          while (!isKept && at < bytes.length && bytes[at]! >= SPACE) at++;
        }
      } else if (byte < SPACE) {
        if (byte === SO || byte === SI) this.#shift = byte === SO ? 1 : 0;
      } else if (byte > DEL) {
        this.#sequence = ""; // text, which no sequence has
      } else if (byte < DEL) {
        this.#collect(byte);
        const isLast = kind === "[" ? byte >= AT : byte >= 0x30;
        if (isLast && (kind !== undefined || !"[]PX^_".includes(String.fromCharCode(byte)))) {
          const whole = this.#sequence;
          this.#sequence = "";
          if (kind === "[") this.#control(bytesOf(whole), 2, whole.length - 1);
          else this.#escape(whole.slice(1));
        }
      }
    }
    return at;
  }

  #collect(byte: number): void {
    if (this.#sequence.length < SEQUENCE_BYTES) this.#sequence += String.fromCharCode(byte);
  }

  #endString(): void {
    if (TITLE.test(this.#sequence)) this.#title = this.#sequence.slice(4);
    this.#sequence = "";
  }

  #escape(what: string): void {
    if (what === "c") this.#reset();
    else if (what === "=" || what === ">") this.#set(66, what === "=");
    else if (what === "%@" || what === "%G") {
      this.#sets[0] = "B";
      this.#shift = 0;
    } else if (what in SHIFTS) this.#shift = SHIFTS[what]!;
    else if (what.length === 2 && SETS.includes(what[0]!)) {
      this.#sets[SETS.indexOf(what[0]!)] = what[1]!;
    }
  }

  /** Takes a control sequence: where its parameters begin, and its last byte. */
  #control(bytes: Uint8Array, from: number, last: number): void {
    if (bytes[last] === SMALL_M) {
      // By far the most common one, and the only one that is not made a text.
      if (last === from || bytes[from]! < LESS) this.#rendition.take(bytes, from, last);
      return;
    }
    const final = String.fromCharCode(bytes[last]!);
    if (!FINALS.includes(final)) return;
    const whole = decoder.decode(bytes.subarray(from, last + 1));
    const [, prefix, parameters, between] = CONTROL.exec(whole) ?? [];
    if (parameters === undefined) return;
    switch (`${prefix}${between}${final}`) {
      case "?h":
      case "?l":
        return parameters.split(";").forEach((mode) => this.#set(Number(mode), final === "h"));
      case "h":
      case "l":
        for (const mode of parameters.split(";").map(Number)) {
          if (final === "l") this.#ansi.delete(mode);
          else if (mode === 4 || mode === 20) this.#ansi.add(mode);
        }
        return;
      case "r":
        this.#regions[this.#screen] = /[1-9]/.test(parameters) ? parameters : "";
        return;
      case " q":
        this.#cursorStyle = Number(parameters || 1) === 0 ? "" : parameters || "1";
        return;
      case "!p":
        return this.#softReset();
    }
  }

  #set(mode: number, isOn: boolean): void {
    if (ALTERNATE_SCREEN.includes(mode)) return this.#switchScreen(isOn ? mode : null);
    if (!KEPT.has(mode)) return;
    const together = isOn ? [mode] : TOGETHER.find((modes) => modes.includes(mode)) ?? [mode];
    for (const one of together) this.#private.delete(one);
    if (isOn !== ON.has(mode)) this.#private.set(mode, isOn ? "h" : "l");
  }

  #switchScreen(mode: number | null): void {
    if ((mode === null) === (this.#alternate === null)) return;
    this.#alternate = mode;
    this.#regions.alternate = "";
  }

  get #screen(): "normal" | "alternate" {
    return this.#alternate === null ? "normal" : "alternate";
  }

  /** DECSTR, which leaves the screen and the mouse as they are. */
  #softReset(): void {
    for (const mode of this.#private.keys()) if (!HARD.has(mode)) this.#private.delete(mode);
    this.#ansi.clear();
    this.#regions[this.#screen] = "";
    this.#sets = ["B", "B", "B", "B"];
    this.#shift = 0;
    this.#cursorStyle = "";
    this.#rendition.clear();
  }

  /** RIS, which leaves the title. */
  #reset(): void {
    this.#switchScreen(null);
    this.#private.clear();
    this.#softReset();
  }
}

/** What sets a terminal after some output that began with it set by `text`. */
export function modesAfter(text: string | undefined, output: Uint8Array): string {
  const modes = new Modes(text);
  modes.read(output);
  return modes.text;
}

/** Where a control sequence ends whose parameters begin there; -1 when it is not whole, or odd. */
function finalOf(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < SPACE || byte >= DEL) return -1;
    if (byte >= AT) return at;
  }
  return -1;
}

/** Text of which a string has a character for each byte. */
function utf8(bytes: string): string {
  return decoder.decode(bytesOf(bytes));
}

function bytesOf(characters: string): Uint8Array {
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
