/** `/api/v1/machines/{name}/files`: what is in a machine of one's own, in and out. */
import { MoveShape } from "../protocol/files.ts";
import { machineKey } from "../protocol/machines.ts";
import { readJson } from "./body.ts";
import { type Home, inWords, move, remove, send, take, tellPlace } from "./files.ts";
import { told } from "./machines.ts";
import type { KnownCall } from "./router.ts";

/** `GET /api/v1/machines/{name}/files`. */
export function showMachinePlace(call: KnownCall<"name">): Promise<Response> {
  return inMachine(call, tellPlace);
}

/** `GET /api/v1/machines/{name}/files/{path}`. */
export function sendMachineFile(call: KnownCall<"name" | "path">): Promise<Response> {
  return inMachine(call, send);
}

/** `PUT /api/v1/machines/{name}/files/{path}`. */
export function takeMachineFile(call: KnownCall<"name" | "path">): Promise<Response> {
  return inMachine(call, take);
}

/** `PATCH /api/v1/machines/{name}/files/{path}` `{to}`. */
export function moveMachineFile(call: KnownCall<"name" | "path">): Promise<Response> {
  return inMachine(call, async (call, home) => {
    return await move(call, home, (await readJson(call.request, MoveShape)).to);
  });
}

/** `DELETE /api/v1/machines/{name}/files/{path}`. */
export function removeMachineFile(call: KnownCall<"name" | "path">): Promise<Response> {
  return inMachine(call, remove);
}

/** They are its user's alone; a machine that stands still is started, as for a shell. */
function inMachine<Call extends KnownCall<"name">>(
  call: Call,
  work: (call: Call, home: Home) => Promise<Response>,
): Promise<Response> {
  return inWords(async () => {
    const { principal: { name: user }, params: { name }, gateway: { agent } } = call;
    const { id } = await told(() => agent.machines.get(user, name));
    return await work(call, { of: machineKey(id), what: "machine", fields: { machine: name } });
  });
}
