/** `/api/v1/drain`, on the admin socket only, and what administrators tell people. */
import { BroadcastOrderShape, DrainOrderShape } from "../protocol/resources.ts";
import { json } from "./answers.ts";
import { readJson } from "./body.ts";
import type { Call, KnownCall } from "./router.ts";
import { findFor } from "./sessions.ts";

/** `GET /api/v1/drain`. */
export async function showDrain({ gateway: { agent } }: Call): Promise<Response> {
  return json(await agent.drain());
}

/** `POST /api/v1/drain`: begins one, or changes the one that is on. */
export async function beginDrain(
  { caller, request, principal, gateway: { agent, log } }: KnownCall,
): Promise<Response> {
  const drain = await agent.beginDrain(await readJson(request, DrainOrderShape));
  // What an agent logs of it does not say whose it is.
  log.notice("a drain was asked for", { by: principal.name, remote: caller.remote });
  return json(drain);
}

/** `DELETE /api/v1/drain`. */
export async function cancelDrain(
  { caller, principal, gateway: { agent, log } }: KnownCall,
): Promise<Response> {
  const drain = await agent.cancelDrain();
  log.notice("the end of a drain was asked for", { by: principal.name, remote: caller.remote });
  return json(drain);
}

/** `POST /api/v1/broadcast`. */
export async function broadcast(
  { caller, request, principal, gateway: { agent, log } }: KnownCall,
): Promise<Response> {
  const { text } = await readJson(request, BroadcastOrderShape);
  const terminals = await agent.broadcast(text);
  // The agent logs the text, and does not know whose it is.
  log.notice("a message to everybody was sent", { by: principal.name, remote: caller.remote });
  return json({ text, terminals });
}

/** `POST /api/v1/sessions/{id}/message`. */
export async function tellSession(
  { caller, request, principal, params: { id }, gateway }: KnownCall<"id">,
): Promise<Response> {
  const { text } = await readJson(request, BroadcastOrderShape);
  const { user } = await findFor(principal, id, gateway);
  const terminals = await gateway.agent.broadcast(text, id);
  const fields = { session: id, user, by: principal.name, remote: caller.remote };
  gateway.log.notice("a message to one person was sent", fields);
  return json({ text, terminals });
}
