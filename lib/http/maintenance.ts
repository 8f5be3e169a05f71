/** `/api/v1/drain` and `/api/v1/broadcast`, on the admin socket only. */
import * as v from "valibot";
import { json, Refusal } from "./answers.ts";
import { readText } from "./body.ts";
import type { Gateway } from "./gateway.ts";

/** The longest text for people, in characters. */
export const TEXT_CHARS = 500;
/** The largest body: such a text, however it is written, and a time. */
const BODY_BYTES = 16 * 1024;

const Text = v.pipe(
  v.string(),
  v.transform(oneLine),
  v.maxLength(TEXT_CHARS, `A text may have ${TEXT_CHARS} characters.`),
);
const DrainBody = v.strictObject({
  endsAt: v.nullable(v.pipe(v.string(), v.isoTimestamp("endsAt must be an ISO 8601 time."))),
  message: v.optional(Text, ""),
});
const BroadcastBody = v.strictObject({ text: v.pipe(Text, v.minLength(1, "There is no text.")) });

/** `GET /api/v1/drain`. */
export async function showDrain({ agent }: Gateway): Promise<Response> {
  return json(await agent.drain());
}

/** `POST /api/v1/drain`: begins one, or changes the one that is on. */
export async function beginDrain(request: Request, gateway: Gateway): Promise<Response> {
  const { endsAt, message } = await readBody(request, DrainBody);
  const endsAtMs = endsAt === null ? null : Date.parse(endsAt);
  return json(await gateway.agent.beginDrain({ endsAtMs, message }));
}

/** `DELETE /api/v1/drain`. */
export async function cancelDrain(gateway: Gateway): Promise<Response> {
  return json(await gateway.agent.cancelDrain());
}

/** `POST /api/v1/broadcast`. */
export async function broadcast(request: Request, { agent }: Gateway): Promise<Response> {
  const { text } = await readBody(request, BroadcastBody);
  return json({ text, terminals: await agent.broadcast(text) });
}

/** A text in one line, without what moves a cursor or turns the reading direction. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim();
}

async function readBody<S extends v.GenericSchema>(
  request: Request,
  schema: S,
): Promise<v.InferOutput<S>> {
  const text = await readText(request, { mostBytes: BODY_BYTES });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(400, "The request is not JSON.");
  }
  const parsed = v.safeParse(schema, body);
  if (!parsed.success) throw new Refusal(400, parsed.issues[0].message);
  return parsed.output;
}
