/** A request to the gateway's JSON API, and why it was refused. */
/// <reference lib="dom" />

/** The gateway refused, or did not answer (status 0); the message is a sentence for people. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** What is said where the gateway itself says nothing. */
export interface RequestWords {
  readonly noAnswer: string;
  answersError(status: number): string;
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
  words: RequestWords,
): Promise<Response> {
  const json = body === undefined
    ? {}
    : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  let response: Response;
  try {
    response = await fetch(url, { method, signal: AbortSignal.timeout(withinMs), ...json });
  } catch {
    throw new Refused(0, words.noAnswer);
  }
  if (response.ok) return response;
  // A problem's sentence (RFC 9457), or the reason of `/healthz`.
  const { detail, reason } = await response.json().catch(() => ({}));
  throw new Refused(response.status, detail ?? reason ?? words.answersError(response.status));
}

/** Of an answer that is not JSON, or that broke off, the given sentence. */
export function refusalOf(error: unknown, notUnderstood: string): Refused {
  return error instanceof Refused ? error : new Refused(0, notUnderstood);
}
