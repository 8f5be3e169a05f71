/** `GET /api/v1/overview`: what sessions use, what has happened, and the last hour. */
import { AgentAwayError } from "../agent/agent.ts";
import { EVENTS, NOTHING, type Overview, togetherOf } from "../protocol/overview.ts";
import { json } from "./answers.ts";
import type { Call } from "./router.ts";

/** What the gateway itself knows is told also while nobody else answers. */
export async function showOverview({ gateway: { agent, recent } }: Call): Promise<Response> {
  const machines = await agent.overview().catch((error) => {
    if (error instanceof AgentAwayError) return NOTHING;
    throw error;
  });
  const own = { ...NOTHING, events: recent.newest(EVENTS) };
  const overview: Overview = togetherOf([machines, own]);
  return json(overview);
}
