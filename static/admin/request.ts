/** A request to the gateway's JSON API, and why it was refused. */
/// <reference lib="dom" />
import { say } from "./say.ts";

/** The gateway refused, or did not answer (status 0); the message is a sentence for people. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** @throws {Refused} */
export async function request(
  url: string,
  { method, body, withinMs }: {
    readonly method: string;
    readonly body?: unknown;
    /** How long the answer may take. */
    readonly withinMs: number;
  },
): Promise<Response> {
  const json = body === undefined
    ? {}
    : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  let response: Response;
  try {
    response = await fetch(url, { method, signal: AbortSignal.timeout(withinMs), ...json });
  } catch {
    throw new Refused(0, say.noAnswer);
  }
  if (response.ok) return response;
  throw new Refused(response.status, await sentenceOf(response));
}

/** Why a request was refused: a problem's sentence (RFC 9457), or the reason of `/healthz`. */
async function sentenceOf(response: Response): Promise<string> {
  const { detail, reason } = await response.json().catch(() => ({}));
  return detail ?? reason ?? say.answersError(response.status);
}
