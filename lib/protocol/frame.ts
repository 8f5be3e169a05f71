/** Frames of the protocol `ttygate.v1`: one WebSocket message each, pure, shared with the browser. */
import type { TerminalEvent, Winsize } from "../types.ts";

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = "ttygate.v1";

/** The longest message either side may send, its first byte included. */
export const MESSAGE_BYTES = 64 * 1024;

/** The most terminal bytes that fit one message. */
export const PAYLOAD_BYTES = MESSAGE_BYTES - 1;

/** Close codes of the protocol, by what they mean. */
export const CLOSE = {
  ended: 1000,
  protocolError: 1008,
  failed: 1011,
  /** The session goes on under the next gateway ("service restart", in IANA's registry of close codes). */
  restarting: 1012,
  loginEnded: 4401,
  noSuchSession: 4404,
  takenOver: 4409,
  /** Of a guest: the session goes on without them. */
  shareEnded: 4410,
  limitReached: 4429,
  engineDown: 4503,
} as const;

const INPUT = 0, RESIZE = 1, ACK = 2, KEEP = 3, DETACH = 4;
const OUTPUT = 0, EVENT = 1;

/** What a client sends, decoded. */
export type ClientFrame =
  | { readonly type: "input"; readonly bytes: Uint8Array }
  /** Zero columns or rows are possible here: the wire allows them. */
  | { readonly type: "resize"; readonly winsize: Winsize }
  /** The absolute offset up to which the client has rendered the output. */
  | { readonly type: "ack"; readonly offset: number }
  /** The person wants the session kept, and types nothing. */
  | { readonly type: "keep" }
  /** The person wants the session kept for so many seconds without anybody there. */
  | { readonly type: "detach"; readonly seconds: number };

/** What the server sends, decoded. */
export type ServerFrame =
  | { readonly type: "output"; readonly bytes: Uint8Array }
  | { readonly type: "event"; readonly event: TerminalEvent };

/** A message that breaks the protocol; it closes the connection with 1008 and ends nothing else. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** A message: its first byte, and what follows; into a buffer where one is given. */
export function tagged(
  tag: number,
  bytes: Uint8Array,
  buffer?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const length = 1 + bytes.length;
  const message = buffer?.subarray(0, length) ?? new Uint8Array(length);
  message[0] = tag;
  message.set(bytes, 1);
  return message;
}

/** A message that is an offset behind its first byte. */
export function taggedOffset(tag: number, offset: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(9);
  message[0] = tag;
  viewOf(message).setBigUint64(1, BigInt(offset));
  return message;
}

/** The offset in such a message. @throws {FrameError} */
export function offsetIn(message: Uint8Array): number {
  if (message.length !== 9) throw new FrameError("an ack, or what is taken, is 9 bytes long");
  const offset = viewOf(message).getBigUint64(1);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FrameError("an ack, or what is taken, is out of range");
  }
  return Number(offset);
}

/** Encodes bytes for the shell, at most `PAYLOAD_BYTES` of them. */
export function encodeInput(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(INPUT, bytes);
}

/** Encodes a new window size, each side 0 to 65535. */
export function encodeResize({ cols, rows }: Winsize): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(5);
  const view = new DataView(message.buffer);
  view.setUint8(0, RESIZE);
  view.setUint16(1, cols);
  view.setUint16(3, rows);
  return message;
}

/** Encodes the offset up to which the output has been rendered. */
export function encodeAck(offset: number): Uint8Array<ArrayBuffer> {
  return taggedOffset(ACK, offset);
}

/** Encodes that the person wants the session kept. */
export function encodeKeep(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(KEEP);
}

/** Encodes for how many seconds, up to 2^32 - 1, a person wants the session kept while they are away. */
export function encodeDetach(seconds: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(5);
  const view = new DataView(message.buffer);
  view.setUint8(0, DETACH);
  view.setUint32(1, seconds);
  return message;
}

/** Encodes bytes from the shell, at most `PAYLOAD_BYTES` of them; into a buffer where one is given. */
export function encodeOutput(
  bytes: Uint8Array,
  buffer?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return tagged(OUTPUT, bytes, buffer);
}

/** Encodes an event as UTF-8 JSON. */
export function encodeEvent(event: TerminalEvent): Uint8Array<ArrayBuffer> {
  return tagged(EVENT, new TextEncoder().encode(JSON.stringify(event)));
}

/** Whether a client's message acknowledges output. */
export function isAck(message: Uint8Array): boolean {
  return message[0] === ACK;
}

function viewOf(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

/**
 * Decodes a client's message.
 *
 * @throws {FrameError} when it is empty, too long, of an unknown kind, or not as long as its kind says
 */
export function decodeClientFrame(message: Uint8Array): ClientFrame {
  if (message.length > MESSAGE_BYTES) {
    throw new FrameError(`a message of ${message.length} bytes is over ${MESSAGE_BYTES}`);
  }
  switch (message[0]) {
    case INPUT:
      return { type: "input", bytes: message.subarray(1) };
    case RESIZE: {
      if (message.length !== 5) throw new FrameError("a resize is 5 bytes long");
      const view = viewOf(message);
      return { type: "resize", winsize: { cols: view.getUint16(1), rows: view.getUint16(3) } };
    }
    case ACK:
      return { type: "ack", offset: offsetIn(message) };
    case KEEP:
      if (message.length !== 1) throw new FrameError("a keep is 1 byte long");
      return { type: "keep" };
    case DETACH:
      if (message.length !== 5) throw new FrameError("a detach is 5 bytes long");
      return { type: "detach", seconds: viewOf(message).getUint32(1) };
    case undefined:
      throw new FrameError("a message is empty");
    default:
      throw new FrameError(`no message starts with byte ${message[0]}`);
  }
}

/**
 * Decodes a server's message.
 *
 * @throws {FrameError} when it is empty or of an unknown kind
 */
export function decodeServerFrame(message: Uint8Array): ServerFrame {
  switch (message[0]) {
    case OUTPUT:
      return { type: "output", bytes: message.subarray(1) };
    case EVENT:
      return { type: "event", event: JSON.parse(new TextDecoder().decode(message.subarray(1))) };
    default:
      throw new FrameError(`no message starts with byte ${message[0]}`);
  }
}
