/** Why a gateway refuses a WebSocket, in its own words, which Deno's client does not tell. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { SUBPROTOCOL } from "../protocol/frame.ts";
import { ApiError } from "./errors.ts";
import { type ApiParts, away, loggedOut } from "./api.ts";

const ASKING_MS = 10_000;
/** The longest sentence that is told. */
const WORDS = 300;

/**
 * Asks for the same again. Where it is not refused this time, what was opened is left to itself.
 *
 * @param path below the gateway's address, with its query
 * @throws {AwayError}
 */
export async function refusalOf(
  { url, authorization, ca }: ApiParts,
  path: string,
): Promise<ApiError | null> {
  const start = url.startsWith("https:") ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | null>();
  const request = start(url + path, {
    signal: AbortSignal.timeout(ASKING_MS),
    ...(ca !== null && { ca }),
    headers: {
      authorization,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": crypto.getRandomValues(new Uint8Array(16)).toBase64(),
      "sec-websocket-protocol": SUBPROTOCOL,
    },
  });
  request.on("response", resolve);
  request.on("upgrade", (_answer, socket) => {
    socket.destroy();
    resolve(null);
  });
  request.on("error", reject);
  request.end();
  try {
    const answer = await promise;
    if (answer === null) return null;
    const status = answer.statusCode ?? 0;
    let words = "";
    for await (const piece of answer.setEncoding("utf8")) {
      words += piece;
      if (words.length > WORDS) break;
    }
    const isSentence = /^text\/plain/.test(answer.headers["content-type"] ?? "");
    const told = isSentence && words.length <= WORDS;
    const why = told ? words.trim() : `the gateway answers with ${status}`;
    return new ApiError(status, status === 401 ? loggedOut(why, url) : why);
  } catch (cause) {
    throw away(url, cause as Error);
  } finally {
    request.destroy();
  }
}
