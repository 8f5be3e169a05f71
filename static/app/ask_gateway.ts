/** Asks the gateway's API for something that a dialog of the page is about. */
import { request } from "../request.ts";
import { sharing } from "../sharing.ts";
import { words } from "../words.ts";

/** How long an answer may take. */
const ANSWER_MS = 10_000;

/** @throws {Refused} */
export function askGateway(url: string, method: string, body?: unknown): Promise<Response> {
  const { noAnswer } = sharing, { answered: answersError } = words;
  return request(url, { method, body, withinMs: ANSWER_MS }, { noAnswer, answersError });
}
