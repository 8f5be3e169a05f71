/** What a program asks of the person about files (OSC 7717): bounded, and never done unasked; docs/protocol.md. */
import type { Terminal } from "@xterm/xterm";
import { cleanPath } from "../../lib/protocol/paths.ts";

/** A number that no terminal is known to use for anything. */
const FILES = 7717;
/** The longest, "get;" included: a path has 4095 bytes at most. */
const REQUEST_CHARACTERS = 4100;

export interface FileRequest {
  readonly verb: "get" | "put";
  readonly path: string;
}

/** @param asked is given each request, which is no more than that */
export function takeFileRequests(
  { parser }: Terminal,
  asked: (request: FileRequest) => void,
): void {
  parser.registerOscHandler(FILES, (data) => {
    const request = requestOf(data);
    if (request !== null) asked(request);
    return true;
  });
}

/** The request of `get;PATH` or `put;FOLDER`; null where it is none. */
export function requestOf(data: string): FileRequest | null {
  if (data.length > REQUEST_CHARACTERS) return null;
  const [, verb, text] = /^(get|put);([^\p{Cc}]+)$/u.exec(data) ?? [];
  const path = text === undefined ? null : cleanPath(text);
  return path === null ? null : { verb: verb as FileRequest["verb"], path };
}
