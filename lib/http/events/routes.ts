/** `/api/v1/events` and `/api/v1/machines/{name}/events`: server-sent events, as long as one may have them. */
import { Refusal } from "../answers.ts";
import { told } from "../machines.ts";
import type { KnownCall } from "../router.ts";
import { eventStream, stayOf, STREAM_HEADERS } from "../event_stream.ts";
import { eventsFor, type Scope } from "./stream.ts";

/** `GET /api/v1/events`: one's own sessions and machines, an administrator's everybody's. */
export function sendEvents(call: KnownCall): Response {
  const { caller: { query }, principal: { name, admin } } = call;
  const user = admin && !query.has("own") ? null : name;
  return stream(call, { user, machine: null, usage: query.has("usage") });
}

/** `GET /api/v1/machines/{name}/events`: one machine alone, until it is no more. */
export async function sendMachineEvents(call: KnownCall<"name">): Promise<Response> {
  const { principal: { name: user }, params, gateway: { agent } } = call;
  const { id } = await told(() => agent.machines.get(user, params.name));
  return stream(call, { user, machine: id, usage: false });
}

function stream(call: KnownCall<string>, scope: Scope): Response {
  const { caller, principal, gateway } = call;
  const { feed, seats, clock } = gateway;
  if (caller.method === "HEAD") return new Response(null, { headers: STREAM_HEADERS });
  if (!seats.take(principal.name)) {
    throw new Refusal("too-many-streams", "You follow events in too many places at once.", {
      "retry-after": "5",
    });
  }
  // Somebody who administers no more comes again, and gets less.
  const stay = stayOf(call, scope.user === null);
  const events = eventsFor({
    ...{ feed, scope, clock, over: stay.over, mayStay: stay.mayStay },
    most: () => gateway.machinesMost,
  });
  return eventStream(events, () => {
    stay[Symbol.dispose]();
    seats.leave(principal.name);
  });
}
