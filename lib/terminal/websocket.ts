/** WebSocket frames: those of the other side are read one by one, one's own are written; pure (RFC 6455). */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** What a frame is for (section 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Close codes of the RFC (section 7.4.1) that say what a client did wrong. */
const PROTOCOL_ERROR = 1002, POLICY_VIOLATION = 1008;

/** The longest payload of a close, a ping or a pong (section 5.5). */
const CONTROL_BYTES = 125;
/** Two bytes, eight of length, four of mask. */
const HEAD_BYTES = 14;
const FIN = 0x80, RESERVED = 0x70, MASKED = 0x80;

/** A client broke the RFC, or sent what this server does not take. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";

  /** @param code of the close that says so */
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** What `Sec-WebSocket-Accept` says to a `Sec-WebSocket-Key` (section 4.2.2). */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** What one frame brought. */
export interface Received {
  /** A message's is "part" until its last frame. */
  readonly what: "message" | "part" | "close" | "ping" | "pong";
  /** A message's whole, otherwise the frame's own. It stays as it is, and may be part of a larger buffer. */
  readonly payload: Uint8Array;
}

/** Reads what the other side sends: binary messages of a bounded length, and control frames. */
export class MessageReader {
  readonly #maxBytes: number;
  /** A client's frames are masked, a server's are not (section 5.1). */
  readonly #isMasked: boolean;
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headLength = 0;
  /** The payload of a frame that comes in several chunks, and how much of it is there. */
  #payload: Uint8Array | null = null;
  #payloadBytes = 0;
  /** A message that comes in several frames, and how much of it is there. */
  #message: Uint8Array | null = null;
  #messageBytes = 0;

  /**
   * @param maxBytes how long a message may be
   * @param of whose frames they are
   */
  constructor(maxBytes: number, of: "client" | "server" = "client") {
    this.#maxBytes = maxBytes;
    this.#isMasked = of === "client";
  }

  /** Whether all that was given has been read, but for a frame that has not come whole. */
  get empty(): boolean {
    return this.#at === this.#chunk.length;
  }

  /** Takes the network's next bytes, and changes them. */
  push(chunk: Uint8Array): void {
    const rest = this.#chunk.subarray(this.#at);
    this.#at = 0;
    // Not a Buffer, whose slices are no copies.
    this.#chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    if (rest.length === 0) return;
    this.#chunk = new Uint8Array(rest.length + chunk.length);
    this.#chunk.set(rest);
    this.#chunk.set(chunk, rest.length);
  }

  /**
   * Reads one frame; null when more bytes must come first.
   *
   * @throws {WebSocketError} and is of no use any more
   */
  next(): Received | null {
    while (this.#headLength < this.#headBytes) {
      if (this.empty) return null;
      this.#head[this.#headLength++] = this.#chunk[this.#at++]!;
    }
    const payload = this.#take(this.#lengthOfPayload());
    if (payload === null) return null;
    if (this.#isMasked) {
      unmask(payload, this.#head.subarray(this.#headLength - 4, this.#headLength));
    }
    this.#headLength = 0;
    const opcode = this.#head[0]! & 0x0f;
    switch (opcode) {
      case OPCODE.close:
        checkClose(payload);
        return { what: "close", payload };
      case OPCODE.ping:
        return { what: "ping", payload };
      case OPCODE.pong:
        return { what: "pong", payload };
      default:
        return this.#join(opcode, payload, (this.#head[0]! & FIN) !== 0);
    }
  }

  /** How long the head is, as far as that is known. */
  get #headBytes(): number {
    if (this.#headLength < 2) return 2;
    const [first, second] = [this.#head[0]!, this.#head[1]!];
    const opcode = first & 0x0f, length = second & 0x7f;
    if ((first & RESERVED) !== 0) throw broken("a reserved bit is set");
    if ((opcode & 7) > 2) throw broken(`no frame has the opcode ${opcode}`);
    if (((second & MASKED) !== 0) !== this.#isMasked) {
      throw broken(
        this.#isMasked ? "a client's frame is not masked" : "a server's frame is masked",
      );
    }
    if (opcode >= OPCODE.close && ((first & FIN) === 0 || length > CONTROL_BYTES)) {
      throw broken("a control frame is in parts, or too long");
    }
    if (opcode === OPCODE.text) throw refused("a message is text, not binary");
    if (opcode === OPCODE.continuation && this.#message === null) {
      throw broken("a message goes on that did not begin");
    }
    if (opcode === OPCODE.binary && this.#message !== null) {
      throw broken("a message begins within another");
    }
    return (this.#isMasked ? 6 : 2) + (length === 127 ? 8 : length === 126 ? 2 : 0);
  }

  #lengthOfPayload(): number {
    const view = new DataView(this.#head.buffer);
    let length = this.#head[1]! & 0x7f;
    if (length === 126) length = view.getUint16(2);
    else if (length === 127) length = Number(view.getBigUint64(2));
    const before = this.#head[0]! & 8 ? 0 : this.#messageBytes;
    if (before + length > this.#maxBytes) {
      throw refused(`a message is over ${this.#maxBytes} bytes long`);
    }
    return length;
  }

  /** The payload, once it is there. */
  #take(length: number): Uint8Array | null {
    const bytes = this.#chunk.subarray(this.#at, this.#at + length - this.#payloadBytes);
    this.#at += bytes.length;
    if (this.#payload === null && bytes.length === length) return bytes;
    this.#payload ??= new Uint8Array(length);
    this.#payload.set(bytes, this.#payloadBytes);
    this.#payloadBytes += bytes.length;
    if (this.#payloadBytes < length) return null;
    const payload = this.#payload;
    this.#payload = null;
    this.#payloadBytes = 0;
    return payload;
  }

  #join(opcode: number, payload: Uint8Array, isLast: boolean): Received {
    if (opcode === OPCODE.binary && isLast) return { what: "message", payload };
    this.#message ??= new Uint8Array(this.#maxBytes);
    this.#message.set(payload, this.#messageBytes);
    this.#messageBytes += payload.length;
    if (!isLast) return { what: "part", payload };
    const message = this.#message.subarray(0, this.#messageBytes);
    this.#message = null;
    this.#messageBytes = 0;
    return { what: "message", payload: message };
  }
}

/** A server's frame: never masked, always whole. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const head = encodeHead(opcode, payload.length);
  const frame = Buffer.allocUnsafe(head.length + payload.length);
  frame.set(head);
  frame.set(payload, head.length);
  return frame;
}

/**
 * A client's frame, whole.
 *
 * @param mask four bytes that nobody can foresee (section 5.3); unless given it changes nothing, which
 * will do within a process
 */
export function encodeClientFrame(
  opcode: number,
  payload: Uint8Array,
  mask?: Uint8Array,
): Uint8Array {
  const head = encodeHead(opcode, payload.length);
  head[1]! |= MASKED;
  const frame = Buffer.alloc(head.length + 4 + payload.length);
  frame.set(head);
  frame.set(payload, head.length + 4);
  if (mask !== undefined) {
    frame.set(mask, head.length);
    unmask(frame.subarray(head.length + 4), mask);
  }
  return frame;
}

/** What comes before a payload of less than 4 GiB. */
export function encodeHead(opcode: number, length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(FIN | opcode, length);
  if (length < 65536) return Uint8Array.of(FIN | opcode, 126, length >> 8, length & 0xff);
  const head = Uint8Array.of(FIN | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 0);
  new DataView(head.buffer).setUint32(6, length);
  return head;
}

/** The payload of a close; a reason over 123 bytes is cut. */
export function encodeClose(code: number, reason: string): Uint8Array {
  const bytes = new Uint8Array(CONTROL_BYTES);
  new DataView(bytes.buffer).setUint16(0, code);
  const { written } = new TextEncoder().encodeInto(reason, bytes.subarray(2));
  return bytes.subarray(0, 2 + written);
}

/** A close may say nothing, or a code (section 7.4) and why. */
function checkClose(payload: Uint8Array): void {
  if (payload.length === 0) return;
  const code = payload.length === 1 ? 0 : payload[0]! << 8 | payload[1]!;
  const known = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!known && !(code >= 3000 && code < 5000)) throw broken(`no close has the code ${code}`);
}

function broken(why: string): WebSocketError {
  return new WebSocketError(PROTOCOL_ERROR, why);
}

function refused(why: string): WebSocketError {
  return new WebSocketError(POLICY_VIOLATION, why);
}

function unmask(bytes: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= mask[i & 3]!;
}
