/** Frames of a command without a terminal, in the subprotocol `ttygate.v1`: one message each; pure. */
import * as v from "valibot";
import {
  decodeServerFrame,
  FrameError,
  MESSAGE_BYTES,
  offsetIn,
  type ServerFrame,
  tagged,
  taggedOffset,
} from "./frame.ts";

/** What either side may send that the other has not said it has dealt with. */
export const RUN_INPUT_BYTES = 256 * 1024, RUN_OUTPUT_BYTES = 512 * 1024;

/** The signals that may be sent (RFC 4254, section 6.10). */
export const SIGNALS = [
  ...["ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM"],
  ...["USR1", "USR2"],
];

const INPUT = 0, ACK = 2, COMMAND = 5, END = 6, SIGNAL = 7;
const ERRORS = 2, TAKEN = 3;
/** The most words of a command; how long they are together a message bounds. */
const WORDS = 4096;

const CommandShape = v.pipe(
  v.array(v.pipe(v.string(), v.excludes("\0"))),
  v.minLength(1),
  v.maxLength(WORDS),
);

/** What a client sends, decoded. */
export type RunClientFrame =
  | { readonly type: "command"; readonly command: readonly string[] }
  | { readonly type: "input"; readonly bytes: Uint8Array }
  /** There is no more input. */
  | { readonly type: "end" }
  | { readonly type: "signal"; readonly name: string }
  /** How much output it has dealt with, of both kinds together. */
  | { readonly type: "ack"; readonly offset: number };

/** What the server sends, decoded. */
export type RunServerFrame =
  | ServerFrame
  | { readonly type: "errors"; readonly bytes: Uint8Array }
  /** How much input the command has taken. */
  | { readonly type: "taken"; readonly offset: number };

/**
 * Encodes a program and its arguments, the first message of a client.
 *
 * @throws {FrameError} in a sentence for the person, where it is too long
 */
export function encodeCommand(command: readonly string[]): Uint8Array<ArrayBuffer> {
  const message = tagged(COMMAND, new TextEncoder().encode(JSON.stringify(command)));
  if (message.length <= MESSAGE_BYTES && command.length <= WORDS) return message;
  throw new FrameError(
    `Cannot run this command: it has over ${MESSAGE_BYTES} bytes or ${WORDS} words. ` +
      "Put it into a file there, or into its input.",
  );
}

/** Encodes that there is no more input. */
export function encodeEnd(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(END);
}

/** Encodes a signal, one of {@linkcode SIGNALS}. */
export function encodeSignal(name: string): Uint8Array<ArrayBuffer> {
  return tagged(SIGNAL, new TextEncoder().encode(name));
}

/** Encodes bytes of standard error, at most `PAYLOAD_BYTES` of them. */
export function encodeErrors(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(ERRORS, bytes);
}

/** Encodes how much input the command has taken. */
export function encodeTaken(offset: number): Uint8Array<ArrayBuffer> {
  return taggedOffset(TAKEN, offset);
}

/**
 * Decodes a client's message, which is not over `MESSAGE_BYTES`.
 *
 * @throws {FrameError} when it is empty, of an unknown kind, or not what its kind says
 */
export function decodeRunClientFrame(message: Uint8Array): RunClientFrame {
  const rest = message.subarray(1);
  switch (message[0]) {
    case INPUT:
      return { type: "input", bytes: rest };
    case ACK:
      return { type: "ack", offset: offsetIn(message) };
    case COMMAND:
      return { type: "command", command: commandIn(rest) };
    case END:
      return { type: "end" };
    case SIGNAL: {
      const name = new TextDecoder().decode(rest);
      if (!SIGNALS.includes(name)) throw new FrameError("no signal has that name");
      return { type: "signal", name };
    }
    case undefined:
      throw new FrameError("a message is empty");
    default:
      throw new FrameError(`no message starts with byte ${message[0]}`);
  }
}

/** Decodes a server's message. @throws {FrameError} when it is empty or of an unknown kind */
export function decodeRunServerFrame(message: Uint8Array): RunServerFrame {
  const rest = message.subarray(1);
  switch (message[0]) {
    case ERRORS:
      return { type: "errors", bytes: rest };
    case TAKEN:
      return { type: "taken", offset: offsetIn(message) };
    default:
      return decodeServerFrame(message);
  }
}

function commandIn(bytes: Uint8Array): readonly string[] {
  try {
    return v.parse(CommandShape, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new FrameError("a command is a list of one to 4096 words in JSON");
  }
}
