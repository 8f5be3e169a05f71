/** `/api/v1/drain` and `/api/v1/broadcast`, on the admin socket only. */
import { BroadcastOrderShape, DrainOrderShape } from "../protocol/resources.ts";
import { json } from "./answers.ts";
import { readJson } from "./body.ts";
import type { Call } from "./router.ts";

/** `GET /api/v1/drain`. */
export async function showDrain({ gateway: { agent } }: Call): Promise<Response> {
  return json(await agent.drain());
}

/** `POST /api/v1/drain`: begins one, or changes the one that is on. */
export async function beginDrain({ request, gateway: { agent } }: Call): Promise<Response> {
  return json(await agent.beginDrain(await readJson(request, DrainOrderShape)));
}

/** `DELETE /api/v1/drain`. */
export async function cancelDrain({ gateway: { agent } }: Call): Promise<Response> {
  return json(await agent.cancelDrain());
}

/** `POST /api/v1/broadcast`. */
export async function broadcast({ request, gateway: { agent } }: Call): Promise<Response> {
  const { text } = await readJson(request, BroadcastOrderShape);
  return json({ text, terminals: await agent.broadcast(text) });
}
