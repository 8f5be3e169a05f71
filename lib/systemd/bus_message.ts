/** The wire format of D-Bus, as far as reading properties needs it; pure. */

/** The part of a message's head that is always there. */
export const HEAD_BYTES = 16;

/** Types of messages and of header fields (D-Bus Specification, "Message Format"). */
const METHOD_CALL = 1, ERROR = 3;
const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6, signature: 8 };
/** Alignment of the types that are read, also their size where they have a fixed one. */
const ALIGNMENT: Readonly<Record<string, number>> = {
  ...{ y: 1, g: 1, v: 1, b: 4, i: 4, u: 4, s: 4, o: 4, a: 4, x: 8, t: 8, "(": 8, "{": 8 },
};

/** A property's value: text, a number, a truth, or an array or struct of such. */
export type BusValue = string | number | boolean | readonly BusValue[];

/** A method or a property of an object. */
export interface BusMember {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly name: string;
}

/** What came. */
export interface BusMessage {
  /** The serial of the call that this answers; null when it answers none. */
  readonly answers: number | null;
  /** Whether the answer is an error; its words are the first of the body. */
  readonly failed: boolean;
  readonly body: readonly BusValue[];
}

/**
 * The length of a whole message, whose first `HEAD_BYTES` are given
 * (https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-messages).
 *
 * @throws {Error} when it is not little-endian, as this program's own are
 */
export function messageBytes(head: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head[0] !== 0x6c) throw new Error("the bus does not speak little-endian");
  return padded(HEAD_BYTES + view.getUint32(12, true), 8) + view.getUint32(4, true);
}

/** @throws {Error} when the message is not well formed, or has a type that is not known here */
export function decodeMessage(message: Uint8Array<ArrayBuffer>): BusMessage {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const bodyStart = padded(HEAD_BYTES + view.getUint32(12, true), 8);
  // The fields are an array whose length is the head's last number.
  const [pairs] = new Reader(message, HEAD_BYTES - 4).read("a(yv)");
  const fields = new Map(pairs as readonly (readonly [number, BusValue])[]);
  const signature = String(fields.get(FIELD.signature) ?? "");
  const serial = fields.get(FIELD.replySerial);
  return {
    answers: typeof serial === "number" ? serial : null,
    failed: message[1] === ERROR,
    body: new Reader(message, bodyStart).read(signature),
  };
}

/** Reads values by their signature; all is aligned from the beginning of the message. */
class Reader {
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array<ArrayBuffer>, private at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** @throws {RangeError} when the message ends too early */
  read(signature: string): BusValue[] {
    const values: BusValue[] = [];
    for (let rest = signature; rest !== "";) {
      const type = firstType(rest);
      values.push(this.#one(type));
      rest = rest.slice(type.length);
    }
    return values;
  }

  #one(type: string): BusValue {
    const kind = type[0]!;
    this.#align(kind);
    switch (kind) {
      case "y":
        return this.#view.getUint8(this.at++);
      case "b":
        return this.#view.getUint32(this.#skip(4), true) === 1;
      case "i":
        return this.#view.getInt32(this.#skip(4), true);
      case "u":
        return this.#view.getUint32(this.#skip(4), true);
      case "x":
        return Number(this.#view.getBigInt64(this.#skip(8), true));
      case "t":
        return Number(this.#view.getBigUint64(this.#skip(8), true));
      case "s":
      case "o":
        return this.#text(this.#view.getUint32(this.#skip(4), true));
      case "g":
        return this.#text(this.#view.getUint8(this.at++));
      case "v":
        return this.read(String(this.#one("g")))[0] ?? "";
      case "a":
        return this.#array(type.slice(1));
      case "(":
      case "{":
        return this.read(type.slice(1, -1));
      default:
        throw new Error(`the bus sends a type ${type}`);
    }
  }

  #array(element: string): BusValue[] {
    const bytes = this.#view.getUint32(this.#skip(4), true);
    this.#align(element[0]!);
    const end = this.at + bytes;
    const values: BusValue[] = [];
    while (this.at < end) values.push(this.#one(element));
    return values;
  }

  #text(bytes: number): string {
    const start = this.#skip(bytes + 1); // and a zero
    return new TextDecoder().decode(this.bytes.subarray(start, start + bytes));
  }

  #align(kind: string): void {
    this.at = padded(this.at, ALIGNMENT[kind] ?? 1);
  }

  #skip(bytes: number): number {
    const start = this.at;
    this.at += bytes;
    return start;
  }
}

/** The first complete type of a signature. */
function firstType(signature: string): string {
  const kind = signature[0]!;
  if (kind === "a") return kind + firstType(signature.slice(1));
  if (kind !== "(" && kind !== "{") return kind;
  let depth = 0;
  for (let at = 0; at < signature.length; at++) {
    if ("({".includes(signature[at]!)) depth++;
    else if (")}".includes(signature[at]!) && --depth === 0) return signature.slice(0, at + 1);
  }
  throw new Error(`the bus sends a signature ${signature}`);
}

/** A message that calls a method whose arguments are strings. */
export function encodeCall(
  serial: number,
  method: BusMember,
  args: readonly string[],
): Uint8Array<ArrayBuffer> {
  const fields = [
    [FIELD.path, "o", method.path],
    [FIELD.interface, "s", method.interface],
    [FIELD.member, "s", method.name],
    [FIELD.destination, "s", method.destination],
    ...(args.length > 0 ? [[FIELD.signature, "g", "s".repeat(args.length)] as const] : []),
  ] as const;
  const body: number[] = [];
  for (const text of args) putText(body, "s", text);
  const head: number[] = [];
  for (const [field, type, text] of fields) {
    pad(head, 8);
    head.push(field, 1, type.charCodeAt(0), 0);
    putText(head, type, text);
  }
  const lengths: number[] = [];
  putUint32(lengths, body.length);
  putUint32(lengths, serial);
  putUint32(lengths, head.length);
  pad(head, 8); // The head before it is of 16 bytes.
  return new Uint8Array([0x6c, METHOD_CALL, 0, 1, ...lengths, ...head, ...body]);
}

function putText(to: number[], type: string, text: string): void {
  const bytes = new TextEncoder().encode(text);
  if (type === "g") to.push(bytes.length);
  else {
    pad(to, 4);
    putUint32(to, bytes.length);
  }
  to.push(...bytes, 0);
}

function putUint32(to: number[], value: number): void {
  to.push(value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24);
}

function pad(to: number[], alignment: number): void {
  while (to.length % alignment !== 0) to.push(0);
}

function padded(at: number, alignment: number): number {
  return Math.ceil(at / alignment) * alignment;
}
