/** The head and the short body of an HTTP/1.1 answer (RFC 9112), for a connection read by hand. */

import { Buffer } from "node:buffer";

/** The longest head that is read. */
export const HEAD_BYTES = 16 * 1024;

/** How much of an error's body is read. */
export const ERROR_BODY_BYTES = 64 * 1024;

/** Gives the next bytes of the connection, null at its end. */
export type ReadBytes = () => Promise<Uint8Array | null>;

/** An answer's head, and what came with it. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The bytes that were read together with the head and come after it. */
  readonly rest: Uint8Array;
}

/** What came is not an HTTP answer, or its head is over the bound. */
export class BadAnswerError extends Error {
  override readonly name = "BadAnswerError";
}

/**
 * Reads up to the end of the head, and no further than the read that had it.
 *
 * @throws {BadAnswerError} when it is over `HEAD_BYTES` or not HTTP/1.x
 * @throws {Deno.errors.UnexpectedEof} when the connection ends inside it
 */
export async function readHead(read: ReadBytes): Promise<AnswerHead> {
  let seen: Uint8Array = new Uint8Array();
  for (;;) {
    const text = latin1(seen);
    const end = text.indexOf("\r\n\r\n");
    if (end > HEAD_BYTES || (end < 0 && seen.length > HEAD_BYTES)) {
      throw new BadAnswerError(`the head of the answer is over ${HEAD_BYTES} bytes`);
    }
    if (end >= 0) return parseHead(text.slice(0, end), seen.subarray(end + 4));
    const more = await read();
    if (more === null) {
      throw new Deno.errors.UnexpectedEof("the connection ended inside the head of the answer");
    }
    seen = Buffer.concat([seen, more]);
  }
}

/**
 * Reads the body of an error that follows a head, as text, cut at `ERROR_BODY_BYTES`; an early end
 * is no error.
 */
export async function readErrorBody(head: AnswerHead, read: ReadBytes): Promise<string> {
  const chunked = /\bchunked\b/i.test(head.headers.get("transfer-encoding") ?? "");
  // Without a length the end of the connection is the end of the body (RFC 9112, section 6.3).
  const length = Number(head.headers.get("content-length") ?? Infinity);
  for (let raw = head.rest;;) {
    const body = chunked ? dechunked(raw) : { bytes: raw, whole: raw.length >= length };
    const more = body.whole || raw.length >= ERROR_BODY_BYTES ? null : await read();
    if (more === null) {
      return new TextDecoder().decode(body.bytes.subarray(0, Math.min(length, ERROR_BODY_BYTES)));
    }
    raw = Buffer.concat([raw, more]);
  }
}

function parseHead(text: string, rest: Uint8Array): AnswerHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const [, status, statusText] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine) ?? [];
  if (!status) throw new BadAnswerError("the answer is not HTTP/1.1");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch (cause) {
      throw new BadAnswerError("the answer has a header that is none", { cause });
    }
  }
  return { status: Number(status), statusText: statusText ?? "", headers, rest };
}

/** Decodes the chunks (RFC 9112, section 7.1) that have come so far, the last perhaps in part. */
function dechunked(raw: Uint8Array): { bytes: Uint8Array; whole: boolean } {
  const text = latin1(raw);
  const chunks: Uint8Array[] = [];
  for (let at = 0;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, lineEnd), 16);
    if (lineEnd < 0 || !(size > 0)) return { bytes: Buffer.concat(chunks), whole: lineEnd >= 0 };
    const start = lineEnd + 2;
    chunks.push(raw.subarray(start, start + size));
    at = start + size + 2;
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
