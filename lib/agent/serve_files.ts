/** An agent's side of its sessions' files: short questions, and bodies both ways. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { FilesError } from "../protocol/files.ts";
import type { SessionFiles } from "../sessions/files/files.ts";
import { systemClock } from "../clock.ts";
import {
  bodyOf,
  decode,
  encode,
  FILE_HEADER,
  type FilesOrder,
  ReadShape,
  sendBody,
  WriteShape,
} from "./file_wire.ts";

/** Answers a short question. */
export async function answerOrder(
  files: SessionFiles,
  session: string,
  order: FilesOrder,
  signal: AbortSignal,
): Promise<unknown> {
  switch (order.verb) {
    case "place":
      return await files.place(session, signal);
    case "stat":
      return await files.stat(session, order.path, signal);
    case "list":
      return await files.list(session, order.path, signal);
    case "remove":
      return await files.remove(session, order.path, signal, order.only), null;
    case "amend":
      return await files.amend(session, order.path, order.amends, signal), null;
    case "move":
      return await files.move(session, order.path, order.to, signal), null;
    default:
      return order satisfies never;
  }
}

/** Sends a file or a folder, or takes one. @throws {FilesError} while nothing has been answered */
export async function serveFile(
  files: SessionFiles,
  session: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = goneOf(response);
  const header = request.headers[FILE_HEADER];
  if (request.method === "GET") {
    const { path, packing } = decode(ReadShape, header);
    const { kind, bytes, version, body } = await files.read(session, path, packing, gone);
    const length = bytes === null ? {} : { "content-length": bytes };
    response.writeHead(200, { [FILE_HEADER]: encode({ kind, bytes, version }), ...length });
    response.flushHeaders();
    return await sendBody(body, response, gone, systemClock);
  }
  const { path, ...order } = decode(WriteShape, header);
  const over = new Promise<never>((_, reject) =>
    gone.addEventListener("abort", () => reject(gone.reason), { once: true })
  );
  const body = bodyOf(request, { bytes: order.bytes, over, end: () => {}, clock: systemClock });
  await files.write(session, path, { ...order, body }, gone);
  if (!response.destroyed) response.writeHead(200, { "content-length": 0 }).end();
}

/** Aborted when nobody waits for an answer any more. */
export function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const why = () => new FilesError("gone", "The gateway has hung up.");
  response.once("close", () => response.writableFinished || gone.abort(why()));
  return gone.signal;
}
