/** Asks the gateway's API for something that a dialog of the page is about. */
/// <reference lib="dom" />
import { sharing } from "../sharing.ts";
import { words } from "../words.ts";

/** How long an answer may take. */
const ANSWER_MS = 10_000;

/** The gateway refused, or did not answer; the message is a sentence for people. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** @throws {RefusedError} */
export async function askGateway(url: string, method: string, body?: unknown): Promise<Response> {
  const json = body === undefined
    ? {}
    : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  let response: Response;
  try {
    response = await fetch(url, { method, signal: AbortSignal.timeout(ANSWER_MS), ...json });
  } catch {
    throw new RefusedError(sharing.noAnswer);
  }
  if (response.ok) return response;
  const { detail } = await response.json().catch(() => ({}));
  throw new RefusedError(detail ?? words.answered(response.status));
}
