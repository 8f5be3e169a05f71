/** `/api/v1/machines`: one's own named machines, which outlive what is done in them. */
import type { MachineDeeds } from "../agent/machines/machines_seam.ts";
import { GROUPS } from "../agent/wire.ts";
import {
  MachineChangeShape,
  MachineError,
  type MachineInfo,
  type MachineList,
  MachineName,
  MachineOrderShape,
  WAIT_MS,
} from "../protocol/machines.ts";
import { json, pathBelow, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import type { KnownCall } from "./router.ts";
import { pageOf } from "./paging.ts";
import { integer } from "./upgrade.ts";
import * as v from "valibot";

/** The longest that a state is waited for. */
const WAIT_MOST_S = 30;

const PROBLEM = {
  unknown: "machine",
  conflict: "conflict",
  limit: "too-many-machines",
  refused: "bad-request",
  closed: "port-closed",
  unable: "unavailable",
} as const;

/** What is said of a deed that cannot be. */
export function refusedMachine({ kind, message }: MachineError): Refusal {
  return new Refusal(PROBLEM[kind], message);
}

type MachineCall = KnownCall<"name">;
type MachineWait = Parameters<MachineDeeds["get"]>[2];

/** `GET /api/v1/machines`: an administrator's has everybody's. */
export async function listMachines(
  { caller: { query }, principal: { admin, name }, gateway: { agent } }: KnownCall,
): Promise<Response> {
  const all = await told(() => agent.machines.list(admin ? null : name));
  const { items, next = null } = pageOf(query, all, keyOf);
  const list: MachineList = { machines: [...items], next };
  return json(list);
}

/** `GET /api/v1/machines/{name}`: 200, or 202 where it is not in the state that is waited for. */
export async function showMachine(call: MachineCall): Promise<Response> {
  const { caller: { query, gone }, principal, params: { name }, gateway: { agent, clock } } = call;
  const until = query.get("until");
  if (until !== null && until !== "running" && until !== "stopped") {
    throw new Refusal(400, 'One can wait until "running" or "stopped".');
  }
  const waitS = integer(query, "wait", 0, 0, WAIT_MOST_S);
  const endMs = clock.now() + waitS * 1000;
  while (true) {
    const leftMs = Math.max(0, endMs - clock.now());
    const wait: MachineWait | undefined = until === null
      ? undefined
      : { until, ms: Math.min(WAIT_MS, leftMs) };
    const machine: MachineInfo = await told(() =>
      agent.machines.get(principal.name, name, wait, gone)
    );
    const { state } = machine;
    if (until === null || state === until) return json(machine);
    if (leftMs === 0 || state === "failed" || gone?.aborted) return json(machine, 202);
  }
}

/** `PUT /api/v1/machines/{name}`: 201 for a new one, 200 where it is there. */
export async function putMachine(call: MachineCall): Promise<Response> {
  const { request, principal: { name: user }, params, gateway } = call;
  const name = nameOf(params.name);
  const order = await readJson(request, MachineOrderShape);
  const groups = gateway.stack.groupsOf(user).slice(0, GROUPS);
  const wish = { ...order, groups, elsewhere: 0 };
  const { made, machine } = await told(() => gateway.agent.machines.put(user, name, wish));
  return json(machine, made ? 201 : 200, made ? { location: locationOf(call, name) } : {});
}

/** `POST /api/v1/machines/{name}/start`: 200, or 202 where it is on its way. */
export async function startMachine(call: MachineCall): Promise<Response> {
  const { principal, params: { name }, gateway: { agent } } = call;
  return answered(await told(() => agent.machines.start(principal.name, name)), "running");
}

/** `POST /api/v1/machines/{name}/stop`: the same. */
export async function stopMachine(call: MachineCall): Promise<Response> {
  const { principal, params: { name }, gateway: { agent } } = call;
  return answered(await told(() => agent.machines.stop(principal.name, name)), "stopped");
}

/** `POST /api/v1/users/{name}/machines/{machine}/stop`: an administrator stops somebody's. */
export async function stopUsersMachine(call: KnownCall<"name" | "machine">): Promise<Response> {
  const { caller, principal, params: { name: user, machine }, gateway: { agent, log } } = call;
  const stopped = await told(() => agent.machines.stop(user, machine));
  const fields = { machine: stopped.id, user, name: machine, by: principal.name };
  const event = "machine-stop", { remote } = caller;
  log.notice("an administrator stops a machine", { event, ...fields, remote });
  return answered(stopped, "stopped");
}

/** `PATCH /api/v1/machines/{name}`: gives it another name, or says what counts as use. */
export async function changeMachine(call: MachineCall): Promise<Response> {
  const { request, principal, params: { name }, gateway: { agent } } = call;
  const change = await readJson(request, MachineChangeShape);
  const machine = await told(() => agent.machines.change(principal.name, name, change));
  return json(machine, 200, { location: locationOf(call, machine.name) });
}

/** `DELETE /api/v1/machines/{name}`: for a day it can be restored. */
export async function removeMachine(call: MachineCall): Promise<Response> {
  const { principal, params: { name }, gateway: { agent } } = call;
  await told(() => agent.machines.remove(principal.name, name));
  return new Response(null, { status: 204 });
}

/** `GET /api/v1/machines/{name}/run`: what is no upgrade comes here. */
export function runInMachine({ caller, gateway }: MachineCall): never {
  throw gateway.noticed.explainUpgrade(caller);
}

/** `POST /api/v1/machines/{name}/restore`. */
export async function restoreMachine(call: MachineCall): Promise<Response> {
  const { principal, params: { name }, gateway: { agent } } = call;
  return json(await told(() => agent.machines.restore(principal.name, name)));
}

function answered(machine: MachineInfo, wanted: MachineInfo["state"]): Response {
  return json(machine, machine.state === wanted ? 200 : 202);
}

/** @throws {Refusal} in the place of a `MachineError` */
export async function told<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (error instanceof MachineError) throw refusedMachine(error);
    throw error;
  }
}

/** @throws {Refusal} 400 */
function nameOf(text: string): string {
  const name = v.safeParse(MachineName, text);
  if (name.success) return name.output;
  throw new Refusal(400, name.issues[0].message);
}

function locationOf({ gateway: { basePath } }: MachineCall, name: string): string {
  return pathBelow(basePath, `/api/v1/machines/${name}`);
}

/** By which they are listed: by user, name and id, with what no name has between them. */
function keyOf({ user, name, id }: MachineInfo): string {
  return `${user}\n${name}\n${id}`;
}
