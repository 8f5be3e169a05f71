/** Nodes: their calls, their joining, and what an administrator does with them. */
import type { Duplex } from "node:stream";
import { CallRefused } from "../nodes/links.ts";
import { RosterError } from "../nodes/roster.ts";
import {
  CONTROL_PROTOCOL,
  type ImageList,
  InviteShape,
  JoinShape,
  type NodeInfo,
  STREAM_PROTOCOL,
} from "../protocol/nodes.ts";
import { DrainOrderShape } from "../protocol/resources.ts";
import { json, nothingHere, Refusal } from "./answers.ts";
import { readJson } from "./body.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import type { Call, KnownCall } from "./router.ts";
import type { Principal } from "../types.ts";

/** Which of a node's protocols an `Upgrade` header asks for; null for none. */
export function nodeProtocolOf(upgrade: string | null | undefined): string | null {
  const protocol = upgrade?.trim().toLowerCase();
  return protocol === CONTROL_PROTOCOL || protocol === STREAM_PROTOCOL ? protocol : null;
}

/**
 * `GET /agent` with such an upgrade: takes a node's connection.
 *
 * @throws {Refusal} with nothing answered yet
 */
export async function acceptNode(
  caller: Caller,
  protocol: string,
  opening: { readonly connection: Duplex; readonly ahead: Uint8Array },
  gateway: Gateway,
): Promise<void> {
  if (caller.listener !== "web" || caller.path !== "/agent") throw nothingHere();
  gateway.hosts.require(caller, gateway);
  const { headers, remote } = caller;
  try {
    await gateway.links.accept(protocol, { headers, remote, ...opening });
  } catch (error) {
    if (error instanceof CallRefused) throw new Refusal(error.status, error.message);
    throw error;
  }
}

/** `POST /agent/join`: trades a token, which only an administrator can make, for an identity. */
export async function joinNode({ caller, request, gateway }: Call): Promise<Response> {
  const { token, publicKey } = await readJson(request, JoinShape);
  const { remote, source } = caller;
  try {
    const joined = await gateway.fleet.join(token, publicKey);
    gateway.log.notice("a node has joined", { event: "node-join", node: joined.name, remote });
    return json(joined, 201);
  } catch (error) {
    if (!(error instanceof RosterError)) throw error;
    gateway.counted.of(source).notice("a node was refused", { event: "node-refused", remote });
    throw new Refusal(403, error.message);
  }
}

/** `GET /api/v1/images`: what a session may run in. */
export async function listImages({ principal, gateway }: KnownCall): Promise<Response> {
  return json(await imagesFor(principal, gateway));
}

/** What a person's session may run in. */
export async function imagesFor(
  { name }: Principal,
  { fleet, stack }: Gateway,
): Promise<ImageList> {
  const images = await fleet.images(stack.groupsOf(name));
  return { images: images.map(({ name, title }) => ({ name, title })) };
}

/** `GET /api/v1/nodes`. */
export async function listNodes({ gateway: { fleet } }: Call): Promise<Response> {
  return json({ nodes: await fleet.nodes() });
}

/** `GET /api/v1/nodes/{name}`. */
export async function showNode({ params, gateway }: Call<"name">): Promise<Response> {
  return json(await nodeOf(params.name, gateway));
}

/** `POST /api/v1/nodes`: makes an invitation. */
export async function inviteNode(
  { caller, request, principal, gateway: { fleet, log } }: KnownCall,
): Promise<Response> {
  const { name } = await readJson(request, InviteShape);
  const invitation = await orRefusal(fleet.invite(name));
  log.notice("a node was invited", {
    event: "node-invite",
    node: name,
    ...by({ caller, principal }),
  });
  return json(invitation, 201);
}

/** `DELETE /api/v1/nodes/{name}`: its connections end now. */
export async function removeNode(call: KnownCall<"name">): Promise<Response> {
  const { params: { name }, gateway } = call;
  await orRefusal(gateway.fleet.remove(name));
  gateway.log.notice("a node was removed", { event: "node-remove", node: name, ...by(call) });
  return new Response(null, { status: 204 });
}

/** `POST /api/v1/nodes/{name}/drain`: no new sessions there; those that run are told. */
export async function drainNode(call: KnownCall<"name">): Promise<Response> {
  const { request, params: { name }, gateway } = call;
  const order = await readJson(request, DrainOrderShape);
  const drain = await (await agentOf(name, gateway)).beginDrain(order);
  gateway.log.notice("a node is drained", { event: "drain", node: name, ...by(call) });
  return json(drain);
}

/** `DELETE /api/v1/nodes/{name}/drain`. */
export async function undrainNode(call: KnownCall<"name">): Promise<Response> {
  const { params: { name }, gateway } = call;
  const drain = await (await agentOf(name, gateway)).cancelDrain();
  const fields = { event: "drain-cancel", node: name, ...by(call) } as const;
  gateway.log.notice("a node is drained no more", fields);
  return json(drain);
}

/** Who did it, for the log. */
function by({ caller, principal }: Pick<KnownCall, "caller" | "principal">) {
  return { by: principal.name, remote: caller.remote };
}

/** `GET /api/v1/nodes/{name}/drain`. */
export async function showNodeDrain(
  { params: { name }, gateway }: Call<"name">,
): Promise<Response> {
  return json(await (await agentOf(name, gateway)).drain());
}

async function nodeOf(name: string, { fleet }: Gateway): Promise<NodeInfo> {
  const node = (await fleet.nodes()).find((node) => node.name === name);
  if (node) return node;
  throw new Refusal(404, `There is no node ${name}.`);
}

function agentOf(name: string, { fleet }: Gateway) {
  return orRefusal((async () => await fleet.agentOf(name))());
}

const STATUS = { conflict: 409, unknown: 404, refused: 403 } as const;

async function orRefusal<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RosterError) throw new Refusal(STATUS[error.kind], error.message);
    throw error;
  }
}
